// Tokens that others have signed, as bearer tokens and as user identities (PS3.7 D.3.3.7, type 5):
// who they make of a caller, and everything that is refused.
#include "security/issuers.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "archive/hash.h"
#include "security/credentials.h"
#include "security/identity.h"
#include "security/signed_token.h"
#include "tests/support/temp_dir.h"
#include "tests/support/token_maker.h"

namespace medarc::security {
namespace {

using test::SigningKey;

// Key pairs take time to make: once for all tests.
const SigningKey& rsa() {
  static const SigningKey key(SigningKey::Kind::rsa);
  return key;
}
const SigningKey& p256() {
  static const SigningKey key(SigningKey::Kind::p256);
  return key;
}
const SigningKey& ed25519() {
  static const SigningKey key(SigningKey::Kind::ed25519);
  return key;
}

constexpr char kSecret[] = "thirty-two bytes of shared secret!";
constexpr char kRs256[] = R"({"alg":"RS256","typ":"JWT"})";

// Claims that are good, with others in their place: of later members of one name the last counts.
std::string claims(const std::string& more = {}) {
  const int64_t seconds = now().us / 1'000'000;
  return R"({"iss":"https://login.example","aud":["other","medarc"],"sub":"anna","roles":["read",)"
         R"("nothing"],"nbf":)" +
         std::to_string(seconds - 10) + R"(,"exp":)" + std::to_string(seconds + 300) +
         (more.empty() ? "" : "," + more) + "}";
}
std::string in(int64_t seconds) { return std::to_string(now().us / 1'000'000 + seconds); }
// The claims without one of them.
std::string without(const std::string& name) {
  std::string text = claims();
  const size_t at = text.find("\"" + name + "\"");
  return text.replace(at, name.size() + 2, "\"left\"");
}

class IssuersTest : public ::testing::Test {
 protected:
  IssuersTest() {
    std::ofstream(dir_ / "set") << R"({"keys":[)" << rsa().jwk(R"("kid":"r","use":"sig")") << ","
                                << p256().jwk(R"("kid":"e","alg":"ES256")") << ","
                                << ed25519().jwk(R"("kid":"o")") << "]}";
    std::ofstream(dir_ / "secret") << kSecret << "\n";
    std::ofstream(dir_ / "rsa.pem") << rsa().pem();
  }

  std::string issuer(const std::string& more, const std::string& name = "hospital") {
    return "[[security.issuer]]\nname = \"" + name +
           "\"\nissuer = \"https://login.example\"\naudience = \"medarc\"\n"
           "roles = \"read=radiologist, read=clinician, all=administrator\"\n" +
           more;
  }
  std::string with_set(const std::string& algorithms = "RS256, ES256, EdDSA") {
    return issuer("algorithms = \"" + algorithms + "\"\nkeys_file = \"" + (dir_ / "set") + "\"\n");
  }
  void configure(const std::string& toml) {
    auto config = Config::parse(toml);
    ASSERT_TRUE(config.has_value()) << config.error().text;
    auto read = Credentials::from(*config);
    ASSERT_TRUE(read.has_value()) << read.error().text;
    credentials_ = *read;
    door_ = make_authenticator(credentials_);
    identities_ = Identities::create(*config, credentials_);
  }
  Result<Principal> show(const std::string& token) {
    auto out = door_->http("Bearer " + token, "10.0.0.7:33");
    if (out.has_error()) {
      EXPECT_EQ(out.error().code, Code::unauthenticated);
      // Nothing of the token is told.
      for (const char* part : {"anna", "eyJ", "login.example"}) {
        EXPECT_EQ(out.error().text.find(part), std::string::npos) << out.error().text;
      }
    }
    return out;
  }
  // Why it is refused; "": it is not.
  std::string refusal(const std::string& token) {
    const auto shown = show(token);
    return shown.has_error() ? shown.error().text : std::string();
  }

  test::TempDir dir_;
  Credentials credentials_;
  std::unique_ptr<Authenticator> door_;
  std::unique_ptr<Identities> identities_;
};

TEST_F(IssuersTest, EachAlgorithmMakesItsUserWithExactlyItsRoles) {
  configure(with_set());
  for (const auto& [key, algorithm] :
       {std::pair(&rsa(), "RS256"), std::pair(&p256(), "ES256"), std::pair(&ed25519(), "EdDSA")}) {
    const auto who =
        show(signed_token(*key, std::string(R"({"alg":")") + algorithm + "\"}", claims()));
    ASSERT_TRUE(who.has_value()) << algorithm << who.error().text;
    EXPECT_EQ(who->id, "jwt:hospital:anna");
    EXPECT_EQ(who->roles, (std::set<Role>{Role::radiologist, Role::clinician}));
    EXPECT_EQ(who->door, "http");
    EXPECT_EQ(who->peer, "10.0.0.7");
  }
  EXPECT_TRUE(door_->tokens_configured());
  EXPECT_TRUE(door_->http("", "127.0.0.1").has_error());
}

TEST_F(IssuersTest, ASharedSecretServesWhereItIsConfigured) {
  const auto made = [](std::string_view header) {
    const std::string text = test::unsigned_token(header, claims());
    return text + "." + test::base64url(test::hmac_sha256(kSecret, text));
  };
  configure(issuer("algorithms = \"HS256\"\nsecret_file = \"" + (dir_ / "secret") + "\"\n"));
  EXPECT_EQ(refusal(made(R"({"alg":"HS256"})")), "");
  EXPECT_NE(refusal(made(R"({"alg":"HS256"})") + "A"), "");
  EXPECT_NE(refusal(made(R"({"alg":"HS384"})")), "");
  configure(with_set());
  EXPECT_NE(refusal(made(R"({"alg":"HS256"})")), "");
}

TEST_F(IssuersTest, APublicKeyIsNeverTakenForASecret) {
  // The classic confusion: HS256, with the text of the public key as the secret.
  configure(with_set() + "");
  const std::string text = test::unsigned_token(R"({"alg":"HS256"})", claims());
  for (const std::string& secret : {rsa().pem(), rsa().jwk()}) {
    EXPECT_NE(refusal(text + "." + test::base64url(test::hmac_sha256(secret, text))), "");
  }
  configure(issuer("algorithms = \"RS256,HS256\"\nsecret_file = \"" + (dir_ / "secret") +
                   "\"\nkeys_file = \"" + (dir_ / "rsa.pem") + "\"\n"));
  EXPECT_NE(refusal(text + "." + test::base64url(test::hmac_sha256(rsa().pem(), text))), "");
  EXPECT_EQ(refusal(text + "." + test::base64url(test::hmac_sha256(kSecret, text))), "");
  EXPECT_EQ(refusal(signed_token(rsa(), kRs256, claims())), "");
}

TEST_F(IssuersTest, SignaturesOfOthersAndAlgorithmsOfOthersAreRefused) {
  configure(with_set("RS256, EdDSA"));
  const SigningKey other(SigningKey::Kind::ed25519);
  EXPECT_NE(refusal(signed_token(other, R"({"alg":"EdDSA"})", claims())), "");
  EXPECT_NE(refusal(signed_token(p256(), R"({"alg":"ES256"})", claims())), "");  // not allowed
  EXPECT_NE(refusal(signed_token(ed25519(), kRs256, claims())), "");
  EXPECT_NE(refusal(signed_token(rsa(), R"({"alg":"EdDSA"})", claims())), "");
  for (const char* none : {R"({"alg":"none"})", R"({"alg":"None"})", R"({"alg":""})", R"({})",
                           R"({"alg":null})", R"({"alg":"rs256"})", R"({"alg":["RS256"]})"}) {
    const std::string text = test::unsigned_token(none, claims());
    EXPECT_NE(refusal(text + "."), "") << none;
    EXPECT_NE(refusal(text + "." + test::base64url(rsa().sign(text))), "") << none;
  }
  // A key that the token brings along.
  EXPECT_NE(refusal(signed_token(other, R"({"alg":"EdDSA","jwk":)" + other.jwk() + "}", claims())),
            "");
  // Its own signature under other claims.
  const std::string good = signed_token(rsa(), kRs256, claims());
  const std::string forged = test::unsigned_token(kRs256, claims(R"("roles":["all"])"));
  EXPECT_NE(refusal(forged + good.substr(good.rfind('.'))), "");
  EXPECT_EQ(refusal(good), "");
}

TEST_F(IssuersTest, AKeyIsFoundByItsIdWhereTheTokenHasOne) {
  configure(with_set());
  EXPECT_EQ(refusal(signed_token(rsa(), R"({"alg":"RS256","kid":"r"})", claims())), "");
  EXPECT_NE(refusal(signed_token(rsa(), R"({"alg":"RS256","kid":"e"})", claims())), "");
  EXPECT_NE(refusal(signed_token(rsa(), R"({"alg":"RS256","kid":"x"})", claims())), "");
}

TEST_F(IssuersTest, TimesAudienceAndIssuerMustBeRight) {
  configure(with_set());
  const auto refused = [&](const std::string& text) {
    return refusal(signed_token(ed25519(), R"({"alg":"EdDSA"})", text));
  };
  EXPECT_EQ(refused(claims()), "");
  EXPECT_EQ(refused(claims(R"("exp":)" + in(-50))), "");  // clocks differ by a minute
  EXPECT_EQ(refused(claims(R"("nbf":)" + in(50))), "");
  EXPECT_EQ(refused(claims(R"("exp":)" + in(9) + ".5")), "");
  EXPECT_EQ(refused(claims(R"("aud":"medarc")")), "");
  EXPECT_NE(refused(claims(R"("exp":)" + in(-70))), "");
  EXPECT_NE(refused(claims(R"("nbf":)" + in(70))), "");
  EXPECT_NE(refused(without("exp")), "");
  EXPECT_NE(refused(without("nbf")), "");
  EXPECT_NE(refused(without("aud")), "");
  EXPECT_NE(refused(without("iss")), "");
  EXPECT_NE(refused(without("sub")), "");
  for (const char* wrong :
       {R"("exp":"2100-01-01")", R"("exp":-1)", R"("exp":1e300)", R"("exp":true)", R"("exp":null)",
        R"("nbf":"now")", R"("aud":"medarc2")", R"("aud":[])", R"("aud":["a",["medarc"]])",
        R"("aud":{"medarc":1})", R"("iss":"https://login.example/")",
        R"("iss":["https://login.example"])", R"("sub":"")", R"("sub":7)", R"("sub":"a b")",
        R"("sub":"a\nb")"}) {
    EXPECT_NE(refused(claims(wrong)), "") << wrong;
  }
  EXPECT_NE(refused(claims(R"("sub":")" + std::string(Issuers::kUserBytesMax + 1, 'u') + "\"")),
            "");
  configure(issuer("algorithms = \"EdDSA\"\nleeway_s = 0\nnot_before = false\nkeys_file = \"" +
                   (dir_ / "set") + "\"\n"));
  EXPECT_EQ(refused(without("nbf")), "");
  EXPECT_NE(refused(claims(R"("nbf":)" + in(30))), "");
  EXPECT_NE(refused(claims(R"("exp":)" + in(-2))), "");
}

TEST_F(IssuersTest, WhatIsMalformedIsRefused) {
  configure("[security]\ntoken_bytes_max = 2048\n" + with_set());
  const std::string good = signed_token(rsa(), kRs256, claims());
  const size_t first = good.find('.'), second = good.rfind('.');
  const std::string nested =
      test::unsigned_token(kRs256, std::string(100, '[') + std::string(100, ']'));
  for (const std::string& wrong :
       {std::string("ey.."), std::string("eyJ"), good.substr(0, second), good + ".", "x" + good,
        good.substr(0, first), good.substr(0, first) + "=" + good.substr(first),
        good.substr(0, first) + "!" + good.substr(first), good + "=",
        good.substr(0, good.size() - 4), test::unsigned_token("[]", claims()) + good.substr(second),
        test::unsigned_token("{", claims()) + good.substr(second),
        nested + "." + test::base64url(rsa().sign(nested)),
        signed_token(rsa(), R"({"alg":"RS256","crit":["b64"],"b64":false})", claims()),
        signed_token(rsa(), R"({"alg":"RS256","typ":"JWE"})", claims()),
        signed_token(rsa(), R"({"alg":"RS256","typ":1})", claims()),
        signed_token(rsa(), kRs256, "[]"), signed_token(rsa(), kRs256, ""),
        signed_token(rsa(), kRs256, claims(R"("x":")" + std::string(2048, 'x') + "\""))}) {
    EXPECT_NE(refusal(wrong), "") << wrong;
  }
  EXPECT_EQ(refusal(signed_token(rsa(), R"({"alg":"RS256","typ":"application/at+jwt"})", claims())),
            "");
}

TEST_F(IssuersTest, RolesComeFromTheClaimThatIsNamed) {
  configure(
      issuer("role_claim = \"access.roles\"\nuser_claim = \"name\"\n"
             "algorithms = \"EdDSA\"\nkeys_file = \"" +
             (dir_ / "set") + "\"\n"));
  const auto who = [&](const std::string& more) {
    return show(signed_token(ed25519(), R"({"alg":"EdDSA"})", claims(more)));
  };
  EXPECT_EQ(who(R"("name":"ben","access":{"roles":["all"]})")->id, "jwt:hospital:ben");
  EXPECT_EQ(who(R"("name":"ben","access":{"roles":["all"]})")->roles,
            std::set<Role>{Role::administrator});
  EXPECT_EQ(who(R"("name":"ben","access":{"roles":"write read"})")->roles,
            (std::set<Role>{Role::radiologist, Role::clinician}));
  EXPECT_EQ(who(R"("name":"ben","access.roles":["all"])")->roles,
            std::set<Role>{Role::administrator});
  // Known, and entitled to nothing.
  for (const char* none : {R"("name":"ben")", R"("name":"ben","access":["all"])",
                           R"("name":"ben","access":{"roles":{"all":1}})",
                           R"("name":"ben","access":{"roles":["All"]})"}) {
    ASSERT_TRUE(who(none).has_value()) << none;
    EXPECT_TRUE(who(none)->roles.empty()) << none;
  }
}

TEST_F(IssuersTest, OpaqueTokensAreServedBesideThem) {
  configure(with_set() + "[[security.token]]\nname = \"viewer\"\nrole = \"auditor\"\nsha256 = \"" +
            archive::Sha256::of("with.two.points").hex() + "\"\n");
  EXPECT_EQ(show("with.two.points")->id, "token:viewer");
  EXPECT_NE(refusal("another"), "");
  EXPECT_EQ(show(signed_token(rsa(), kRs256, claims()))->id, "jwt:hospital:anna");
}

TEST_F(IssuersTest, AnAssociationsTokenIsThePrincipalWithExactlyItsRoles) {
  configure(with_set() + "[[dicom.peer]]\naet = \"WS1\"\nidentity = \"required\"\n");
  const Principal caller = *door_->association({"WS1", "127.0.0.1"});
  const auto identify = [&](const std::string& token) {
    return identities_->identify(caller, "WS1",
                                 ShownIdentity{ShownIdentity::Kind::token, token, ""});
  };
  const auto who = identify(signed_token(rsa(), kRs256, claims()));
  ASSERT_TRUE(who.has_value()) << who.error().text;
  EXPECT_TRUE(who->confirmed);
  EXPECT_EQ(who->principal.id, "jwt:hospital:anna@ae:WS1");
  EXPECT_EQ(calling_aet(who->principal), "WS1");
  EXPECT_EQ(who->principal.roles, (std::set<Role>{Role::radiologist, Role::clinician}));
  EXPECT_EQ(who->principal.door, "dimse");
  EXPECT_EQ(identify(signed_token(rsa(), kRs256, claims(R"("exp":)" + in(-70)))).error().code,
            Code::unauthenticated);
  EXPECT_EQ(identities_->identify(caller, "WS1", std::nullopt).error().code, Code::unauthenticated);
}

TEST_F(IssuersTest, NewKeysAreUsedWithoutARestart) {
  configure("[security]\nkeys_check_ms = 0\n" + with_set());
  const SigningKey next(SigningKey::Kind::ed25519);
  const std::string old_token = signed_token(rsa(), kRs256, claims());
  const std::string new_token = signed_token(next, R"({"alg":"EdDSA"})", claims());
  EXPECT_NE(refusal(new_token), "");
  const auto write = [&](const std::string& text, int seconds) {
    std::ofstream(dir_ / "set") << text;
    std::filesystem::last_write_time(dir_ / "set", std::filesystem::file_time_type::clock::now() +
                                                       std::chrono::seconds(seconds));
  };
  write("{", 10);  // a mistake: the keys before stay
  EXPECT_EQ(refusal(old_token), "");
  write(next.pem(), 20);
  EXPECT_EQ(refusal(new_token), "");
  EXPECT_NE(refusal(old_token), "");
  std::filesystem::remove(dir_ / "set");
  EXPECT_EQ(refusal(new_token), "");
}

TEST_F(IssuersTest, TablesThatWillNotDoAreRefusedByName) {
  std::ofstream(dir_ / "weak") << SigningKey(SigningKey::Kind::weak_rsa).pem();
  std::ofstream(dir_ / "p384") << SigningKey(SigningKey::Kind::p384).jwk();
  std::ofstream(dir_ / "private") << ed25519().private_pem();
  std::ofstream(dir_ / "oct") << R"({"kty":"oct","k":")" << test::base64url(kSecret) << "\"}";
  std::ofstream(dir_ / "bad") << R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})";
  std::ofstream(dir_ / "off") << R"({"kty":"EC","crv":"P-256","x":")"
                              << test::base64url(std::string(32, 'x')) << R"(","y":")"
                              << test::base64url(std::string(32, 'y')) << "\"}";
  std::ofstream(dir_ / "short") << "too short";
  std::ofstream(dir_ / "empty") << "";
  std::ofstream many(dir_ / "many");
  many << R"({"keys":[)" << ed25519().jwk();
  for (size_t n = 0; n < kVerifyKeysMax; ++n) many << "," << ed25519().jwk();
  many << "]}";
  many.close();
  std::vector<std::string> wrong = {
      issuer("algorithms = \"HS256\"\n"),
      issuer("algorithms = \"none\"\n"),
      issuer(""),
      issuer("algorithms = \"HS256\"\nsecret_file = \"" + (dir_ / "short") + "\"\n"),
      issuer("algorithms = \"HS256\"\nsecret_file = \"" + (dir_ / "secret") + "\"\nkeys_file = \"" +
             (dir_ / "set") + "\"\n"),
      with_set() + "leeway_s = 301\n",
      with_set() + "leeway = 1\n",
      with_set() + "not_before = 1\n",
      with_set() + with_set(),
      "[[security.issuer]]\nname = \"a b\"\naudience = \"m\"\nroles = \"a=clinician\"\n",
      "[[security.issuer]]\nname = \"a\"\nroles = \"a=clinician\"\nalgorithms = \"RS256\"\n"};
  for (const char* file :
       {"weak", "p384", "private", "oct", "bad", "off", "empty", "many", "nowhere"}) {
    wrong.push_back(
        issuer("algorithms = \"RS256,ES256,EdDSA\"\nkeys_file = \"" + (dir_ / file) + "\"\n"));
  }
  for (const std::string& toml : wrong) {
    auto config = Config::parse(toml);
    ASSERT_TRUE(config.has_value()) << toml;
    const auto read = Issuers::from(*config);
    ASSERT_TRUE(read.has_error()) << toml;
    EXPECT_EQ(read.error().code, Code::invalid_argument);
    EXPECT_NE(read.error().text.find("security.issuer"), std::string::npos) << read.error().text;
  }
}

}  // namespace
}  // namespace medarc::security

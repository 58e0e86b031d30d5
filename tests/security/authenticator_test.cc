#include <gtest/gtest.h>

#include "archive/hash.h"
#include "security/guard.h"
#include "security/peers.h"
#include "security/policy.h"

namespace medarc::security {
namespace {

// argon2id of "correct horse", cheap on purpose: m=64 KiB, t=1, p=1.
std::string argon2_of_correct_horse() {
  return "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQxNmJ5dGVzIQ$"
         "MmvBYrAqCC986rmwQ7KaVeIEZg6o09wdeQsLWBCqmzQ";
}

Result<std::unique_ptr<Authenticator>> make(const std::string& toml) {
  auto config = Config::parse(toml);
  if (!config) return config.error();
  return Authenticator::create(*config);
}

std::string token_table(const std::string& name, const std::string& token,
                        const std::string& role) {
  return "[[security.token]]\nname = \"" + name + "\"\nrole = \"" + role + "\"\nsha256 = \"" +
         archive::Sha256::of(token).hex() + "\"\n";
}

TEST(Authenticator, WithoutTokensOnlyLoopbackIsLocal) {
  auto door = make("");
  ASSERT_TRUE(door);
  for (const char* peer : {"127.0.0.1", "127.0.0.1:5000", "127.9.9.9", "::1", "[::1]:80",
                           "::ffff:127.0.0.1", "[::ffff:127.0.0.1]:99"}) {
    auto who = (*door)->http("", peer);
    ASSERT_TRUE(who) << peer;
    EXPECT_EQ(who->id, "local");
    EXPECT_EQ(who->roles, every_role());
  }
  for (const char* peer : {"10.0.0.7", "192.168.1.1:127", "::2", "", "localhost", "128.0.0.1",
                           "::ffff:10.0.0.1", "fe80::1%lo"}) {
    EXPECT_EQ((*door)->http("", peer).error().code, Code::unauthenticated) << peer;
  }
  EXPECT_FALSE((*door)->tokens_configured());
}

TEST(Authenticator, TokensNameTheirPrincipal) {
  auto door = make(token_table("viewer", "s3cret", "radiologist, clinician") +
                   token_table("lab", "other", "bioinformatician"));
  ASSERT_TRUE(door);
  EXPECT_TRUE((*door)->tokens_configured());
  auto who = (*door)->http("Bearer s3cret", "10.0.0.7:33");
  ASSERT_TRUE(who);
  EXPECT_EQ(who->id, "token:viewer");
  EXPECT_EQ(who->roles, (std::set<Role>{Role::radiologist, Role::clinician}));
  EXPECT_EQ(who->peer, "10.0.0.7");
  EXPECT_EQ((*door)->http("bearer  other ", "10.0.0.7")->id, "token:lab");
}

TEST(Authenticator, WrongOrAbsentTokensAreRefusedOnLoopbackToo) {
  auto door = make(token_table("viewer", "s3cret", "radiologist"));
  ASSERT_TRUE(door);
  const std::string hash = archive::Sha256::of("s3cret").hex();
  for (const std::string& header :
       {std::string(), std::string("Bearer"), std::string("Bearer "), std::string("Bearer s3cre"),
        std::string("Bearer s3cret2"), std::string("Basic s3cret"), std::string("s3cret"),
        "Bearer " + hash, "Bearer " + std::string(5000, 'a'), std::string("Bearer S3CRET")}) {
    EXPECT_EQ((*door)->http(header, "127.0.0.1").error().code, Code::unauthenticated) << header;
  }
}

TEST(Authenticator, Argon2TokensAreVerifiedOnceAndRemembered) {
  auto door = make("[[security.token]]\nname = \"person\"\nrole = \"clinician\"\nargon2 = \"" +
                   argon2_of_correct_horse() + "\"\n" + token_table("x", "quick", "auditor"));
  ASSERT_TRUE(door) << door.error().text;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ((*door)->http("Bearer correct horse", "10.1.1.1")->id, "token:person");
    EXPECT_FALSE((*door)->http("Bearer wrong horse", "10.1.1.1"));
    EXPECT_EQ((*door)->http("Bearer quick", "10.1.1.1")->id, "token:x");
  }
}

TEST(Authenticator, RememberedAnswersAreBoundedAndStayRight) {
  auto door = make("[[security.token]]\nname = \"person\"\nrole = \"clinician\"\nargon2 = \"" +
                   argon2_of_correct_horse() + "\"\n");
  ASSERT_TRUE(door);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_FALSE((*door)->http("Bearer guess " + std::to_string(i), "10.1.1.1"));
  }
  EXPECT_TRUE((*door)->http("Bearer correct horse", "10.1.1.1"));
}

TEST(Authenticator, BadTablesAreRefusedByName) {
  const std::string good = archive::Sha256::of("x").hex();
  const std::pair<std::string, std::string> cases[] = {
      {"role = \"clinician\"\nsha256 = \"" + good + "\"", "name"},
      {"name = \"a\"\nsha256 = \"" + good + "\"", "role"},
      {"name = \"a\"\nrole = \"boss\"\nsha256 = \"" + good + "\"", "boss"},
      {"name = \"a\"\nrole = \"clinician\"", "either"},
      {"name = \"a\"\nrole = \"clinician\"\nsha256 = \"abc\"", "64 hex"},
      {"name = \"a\"\nrole = \"clinician\"\nargon2 = \"x\"", "encoded"},
      {"name = \"a\"\nrole = \"clinician\"\nargon2 = \"$argon2id$broken\"", "usable"},
      {"name = \"a\"\nrole = \"clinician\"\ntoken = \"plain\"", "token"},
      {"name = \"a\"\nrole = \"clinician\"\nsha256 = \"" + good + "\"\nargon2 = \"$argon2id$\"",
       "either"},
  };
  for (const auto& [text, what] : cases) {
    auto door = make("[[security.token]]\n" + text + "\n");
    ASSERT_FALSE(door) << text;
    EXPECT_NE(door.error().text.find(what), std::string::npos) << door.error().text;
    EXPECT_EQ(door.error().text.find(good), std::string::npos);
  }
  EXPECT_FALSE(make(token_table("a", "1", "auditor") + token_table("a", "2", "auditor")));
}

TEST(Authenticator, AnyApplicationOnLoopbackWithoutPeers) {
  auto door = make("");
  ASSERT_TRUE(door);
  auto who = (*door)->association({"CT1", "127.0.0.1"});
  ASSERT_TRUE(who);
  EXPECT_EQ(who->id, "ae:CT1");
  EXPECT_EQ(who->door, "dimse");
  for (Action action : {Action::store, Action::find, Action::read}) {
    EXPECT_TRUE(allowed(who->roles, Domain::images, action));
  }
  EXPECT_FALSE(allowed(who->roles, Domain::images, Action::remove));
  EXPECT_FALSE((*door)->association({"CT1", "10.0.0.7"}));
  EXPECT_FALSE((*door)->peers_configured());
  EXPECT_FALSE((*door)->known_peer({"CT1", "127.0.0.1"}));
}

TEST(Authenticator, D01_OnlyConfiguredPeersOnceThereAreAny) {
  auto door = make(
      "[[dicom.peer]]\naet = \"CT1\"\nhost = \"10.0.0.7\"\nport = 104\n"
      "[[dicom.peer]]\naet = \"VIEWER\"\nrole = \"radiologist\"\n");
  ASSERT_TRUE(door) << door.error().text;
  EXPECT_TRUE((*door)->peers_configured());
  EXPECT_EQ((*door)->association({"CT1", "10.0.0.7:4000"})->roles, std::set<Role>{Role::modality});
  EXPECT_FALSE((*door)->association({"CT1", "10.0.0.8"}));
  EXPECT_FALSE((*door)->association({"ct1", "10.0.0.7"}));
  EXPECT_FALSE((*door)->association({"OTHER", "127.0.0.1"}));
  EXPECT_EQ((*door)->association({"VIEWER", "10.9.9.9"})->roles, std::set<Role>{Role::radiologist});
  EXPECT_TRUE((*door)->known_peer({"", "10.0.0.7"}));
  EXPECT_TRUE((*door)->known_peer({"VIEWER", "10.9.9.9"}));
  EXPECT_FALSE((*door)->known_peer({"", "10.9.9.9"}));
}

TEST(Authenticator, PeersWithACertificateNeedIt) {
  auto door = make("[[dicom.peer]]\naet = \"CT1\"\ncertificate = \"ct1.example\"\n");
  ASSERT_TRUE(door) << door.error().text;
  EXPECT_TRUE((*door)->association({"CT1", "10.0.0.7", {"ct1.example", "scanner"}}));
  EXPECT_EQ((*door)->association({"CT1", "10.0.0.7"}).error().code, Code::unauthenticated);
  EXPECT_FALSE((*door)->association({"CT1", "10.0.0.7", {"ct2.example"}}));
  EXPECT_FALSE((*door)->association({"CT2", "10.0.0.7", {"ct1.example"}}));
}

TEST(Authenticator, BadPeersAreRefused) {
  for (const char* text :
       {"host = \"10.0.0.1\"", "aet = \"SEVENTEENLETTERSX\"", "aet = \" X\"", "aet = \"A\\\\B\"",
        "aet = \"A\"\nrole = \"king\"", "aet = \"A\"\nhost = \"no.such.host.invalid\""}) {
    EXPECT_FALSE(make(std::string("[[dicom.peer]]\n") + text + "\n")) << text;
  }
  EXPECT_FALSE(make("[[dicom.peer]]\naet = \"A\"\n[[dicom.peer]]\naet = \"A\"\n"));
}

}  // namespace
}  // namespace medarc::security

// User identity negotiation (PS3.7 D.3.3.7) over the wire: with DCMTK's storescu, with our own
// caller, and with requests that no toolkit sends.
#include <fstream>

#include "archive/hash.h"
#include "base/log.h"
#include "dicom/dimse/call.h"
#include "dicom/dimse/user.h"
#include "tests/dicom/net/query_fixture.h"
#include "tests/support/token_maker.h"

namespace medarc::dicom::test {
namespace {

class IdentityNet : public QueryNet {
 protected:
  void SetUp() override {
    QueryNet::SetUp();
    set_log_level(medarc::Level::off);
    file = ct_file(dir, "1.2.826.0.1.999.1.1.1", 1000);
  }
  // A server whose peers show who they are: STORESCU may, STRICT must, KNOWS is believed.
  void serve(std::string text = {}) {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    for (const auto& [aet, identity] :
         Pairs{{"STORESCU", "asked"}, {"STRICT", "required"}, {"KNOWS", "trusted"}}) {
      text += "[[dicom.peer]]\naet = \"" + aet + "\"\nidentity = \"" + identity + "\"\n";
    }
    for (const auto& [name, role] : Pairs{{"anna", "technologist"}, {"ben", "auditor"}}) {
      text += "[[security.token]]\nname = \"" + name + "\"\nrole = \"" + role + "\"\nsha256 = \"" +
              archive::Sha256::of("secret of " + name).hex() + "\"\n";
    }
    auto config = Config::parse(text);
    ASSERT_TRUE(config.has_value());
    auto made = security::Authenticator::create(*config);
    ASSERT_TRUE(made.has_value()) << made.error().text;
    door = std::move(*made);
    auto read = security::Identities::create(*config);
    ASSERT_TRUE(read.has_value()) << read.error().text;
    identities = std::move(*read);
    options.identities = identities.get();
    options.guard = guard.get();
    auto started = Server::start(options, limits, *real, *door);
    ASSERT_TRUE(started.has_value());
    server = std::move(*started);
  }
  void TearDown() override {
    server.reset();
    door.reset();
    QueryNet::TearDown();
  }
  int storescu(const std::string& aet, const std::string& how) {
    return run("storescu -aet " + aet + " " + how + at() + " " + file).exit_code;
  }
  // An identity as on the wire.
  static std::string item(uint8_t type, bool wanted, const std::string& primary,
                          const std::string& secondary) {
    return ul_item(0x58, std::string{static_cast<char>(type), static_cast<char>(wanted ? 1 : 0)} +
                             be16(static_cast<uint16_t>(primary.size())) + primary +
                             be16(static_cast<uint16_t>(secondary.size())) + secondary);
  }
  RawAssociation call(const std::string& aet, const std::string& items) {
    RawRequest request = ct_request();
    request.calling = aet;
    request.user_items = items;
    return RawAssociation(port(), request);
  }
  // Result, source and reason of a rejection; "" for anything else.
  static std::string rejection(const RawAssociation& a) {
    return a.refused && a.refused->type == 3 ? a.refused->body.substr(1) : std::string();
  }
  static bool confirmed(const RawAssociation& a) {
    return a.answer.find(ul_item(0x59, be16(0))) != std::string::npos;
  }
  bool audited(const std::string& principal, const std::string& action) {
    const auto entries = archive->view()->audit(0, 1000);
    EXPECT_TRUE(entries.has_value());
    for (const index::AuditEntry& entry : *entries) {
      if (entry.principal == principal && entry.action == action) return true;
    }
    return false;
  }

  const std::string refused{"\1\1\1", 3};
  std::string file;
  std::unique_ptr<security::Authenticator> door;
  std::unique_ptr<security::Identities> identities;
};

TEST_F(IdentityNet, StorescuWithTheRightPasswordIsThatPrincipalInTheAudit) {
  serve();
  EXPECT_EQ(storescu("STRICT", "--user anna --password 'secret of anna' --pos-response"), 0);
  EXPECT_TRUE(eventually([&] { return audited("token:anna@ae:STRICT", "store"); }));
  EXPECT_NE(storescu("STRICT", "--user anna --password 'secret of ben'"), 0);
  EXPECT_NE(storescu("STRICT", "--user anna"), 0);
  EXPECT_NE(storescu("STRICT", ""), 0);
  EXPECT_TRUE(audited("ae:STRICT", "refuse"));
}

TEST_F(IdentityNet, StorescuWithATokenOrATrustedName) {
  serve();
  std::ofstream(dir / "jwt") << "secret of anna";
  EXPECT_EQ(storescu("STRICT", "--jwt " + (dir / "jwt").string()), 0);
  std::ofstream(dir / "jwt") << "secret of nobody";
  EXPECT_NE(storescu("STRICT", "--jwt " + (dir / "jwt").string()), 0);
  EXPECT_EQ(storescu("KNOWS", "--user anna --pos-response"), 0);
  EXPECT_NE(storescu("KNOWS", "--user nobody"), 0);
  EXPECT_EQ(storescu("STORESCU", ""), 0);
  EXPECT_EQ(storescu("STORESCU", "--user whoever"), 0);
  EXPECT_NE(storescu("STORESCU", "--user anna --password wrong"), 0);
}

TEST_F(IdentityNet, ATokenThatAnIssuerHasSignedIsItsUserWithItsRoles) {
  const medarc::test::SigningKey key(medarc::test::SigningKey::Kind::p256);
  std::ofstream(dir / "keys") << key.pem();
  serve(
      "[[security.issuer]]\nname = \"hospital\"\naudience = \"medarc\"\nalgorithms = \"ES256\"\n"
      "roles = \"send=technologist, look=auditor\"\nkeys_file = \"" +
      (dir / "keys").string() + "\"\n");
  const auto token = [&](const std::string& role, int64_t until) {
    const int64_t now_s = now().us / 1'000'000;
    return medarc::test::signed_token(
        key, R"({"alg":"ES256"})",
        R"({"iss":"hospital","aud":"medarc","sub":"carl","roles":[")" + role + R"("],"nbf":)" +
            std::to_string(now_s - 10) + R"(,"exp":)" + std::to_string(now_s + until) + "}");
  };
  std::ofstream(dir / "jwt") << token("send", 300);
  EXPECT_EQ(storescu("STRICT", "--jwt " + (dir / "jwt").string() + " --pos-response"), 0);
  EXPECT_TRUE(eventually([&] { return audited("jwt:hospital:carl@ae:STRICT", "store"); }));
  RawAssociation looks = call("STRICT", item(5, true, token("look", 300), ""));
  ASSERT_TRUE(looks.established());
  EXPECT_TRUE(confirmed(looks));
  EXPECT_EQ(looks.store(3, kCt, "1.2.3", ct_dataset("1.2.3", 100))->status, 0x0124);
  EXPECT_EQ(rejection(call("STRICT", item(5, true, token("send", -300), ""))), refused);
  EXPECT_EQ(rejection(call("STORESCU", item(5, true, token("send", 300) + "A", ""))), refused);
}

TEST_F(IdentityNet, RolesAreThoseOfTheUser) {
  serve();
  RawAssociation ben = call("STRICT", item(2, true, "ben", "secret of ben"));
  ASSERT_TRUE(ben.established());
  EXPECT_TRUE(confirmed(ben));
  const auto stored = ben.store(3, kCt, "1.2.3", ct_dataset("1.2.3", 100));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->status, 0x0124);  // an auditor stores nothing
}

TEST_F(IdentityNet, AResponseIsGivenWhenItIsWantedAndTrue) {
  serve();
  EXPECT_TRUE(confirmed(call("STRICT", item(5, true, "secret of anna", ""))));
  EXPECT_FALSE(confirmed(call("STRICT", item(5, false, "secret of anna", ""))));
  const RawAssociation ticket = call("STORESCU", item(3, true, "ticket", ""));
  EXPECT_TRUE(ticket.established());
  EXPECT_FALSE(confirmed(ticket));
}

TEST_F(IdentityNet, RefusalsArePermanentAndTellNothing) {
  serve();
  for (const std::string& items :
       {item(2, true, "anna", "wrong"), item(2, true, "nobody", "secret of anna"), std::string(),
        item(1, false, "anna", ""), item(3, false, "ticket", ""), item(4, false, "<saml/>", ""),
        item(5, false, "", ""), item(99, false, "x", "y"),
        item(2, false, std::string("anna\0", 5), "secret of anna"),
        item(2, false, "anna", std::string(60'000 / 2, 'p'))}) {
    EXPECT_EQ(rejection(call("STRICT", items)), refused);
  }
  EXPECT_EQ(rejection(call("STRANGER", item(2, true, "anna", "secret of anna"))),
            std::string("\1\1\3", 3));  // who is let in at all is decided before
}

TEST_F(IdentityNet, FieldsHaveALimit) {
  serve("[dicom]\nidentity_bytes_max = 20\n");
  EXPECT_TRUE(call("STRICT", item(2, false, "anna", "secret of anna")).established());
  EXPECT_EQ(rejection(call("STORESCU", item(3, false, std::string(21, 't'), ""))), refused);
  EXPECT_EQ(rejection(call("STORESCU", item(1, false, "anna", std::string(21, 't')))), refused);
  EXPECT_TRUE(call("STORESCU", item(3, false, std::string(20, 't'), "")).established());
}

TEST_F(IdentityNet, ItemsThatLieAboutTheirLengthAreMalformed) {
  serve();
  for (const std::string& lie :
       {ul_item(0x58, std::string("\2\0\0\5anna", 8)), ul_item(0x58, std::string("\2", 1)),
        ul_item(0x58, std::string("\2\0\xFF\xFF", 4)), ul_item(0x58, "")}) {
    const RawAssociation a = call("STORESCU", lie);
    EXPECT_FALSE(a.established());
    EXPECT_TRUE(a.refused && a.refused->type == 7);
  }
}

TEST_F(IdentityNet, WeSayWhoWeAre) {
  serve();
  std::ofstream(dir / "passcode") << "secret of anna\n";
  std::ofstream(dir / "token") << "secret of ben\n";
  const auto to = [&](const std::string& more) {
    Config config = *Config::parse(
        "[[dicom.peer]]\naet = \"MEDARC\"\nport = " + std::to_string(port()) + "\n" + more);
    return Destinations::from(config);
  };
  const ul::StopSignals signals;
  const auto calls = [&](const std::string& aet, const std::string& more) {
    const auto destinations = to(more);
    EXPECT_TRUE(destinations.has_value());
    auto association = dimse::call(*destinations->find("MEDARC"), aet, {{kVerification, kImplicit}},
                                   limits, signals);
    if (association.has_error()) {
      EXPECT_EQ(association.error().code, Code::permission_denied);
      return false;
    }
    EXPECT_EQ(*dimse::echo(**association, limits), 0);
    return (*association)->release().has_value();
  };
  const std::string passcode = "passcode_file = \"" + (dir / "passcode").string() + "\"\n";
  const std::string token = "token_file = \"" + (dir / "token").string() + "\"\n";
  EXPECT_FALSE(calls("STRICT", ""));
  EXPECT_TRUE(calls("STRICT", "user = \"anna\"\n" + passcode));
  EXPECT_TRUE(calls("STRICT", "user = \"anna\"\nuser_confirmed = true\n" + passcode));
  EXPECT_FALSE(calls("STRICT", "user = \"ben\"\n" + passcode));
  EXPECT_TRUE(calls("STRICT", token));
  EXPECT_TRUE(calls("KNOWS", "user = \"ben\"\n"));
  EXPECT_TRUE(calls("STORESCU", "user = \"ben\"\n"));
  EXPECT_FALSE(calls("STORESCU", "user = \"ben\"\nuser_confirmed = true\n"));
  // A renewed passcode is used at once.
  std::ofstream(dir / "passcode") << "wrong";
  EXPECT_FALSE(calls("STRICT", "user = \"anna\"\n" + passcode));
  for (const std::string& wrong :
       {passcode, std::string("user_confirmed = true\n"), "user = \"anna\"\n" + token,
        std::string("tls = \"maybe\"\n"), std::string("commit = \"perhaps\"\n")}) {
    EXPECT_EQ(to(wrong).error().code, Code::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace medarc::dicom::test

// Who a caller of the DICOM door is, by the identity it shows (PS3.7 D.3.3.7).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "archive/hash.h"
#include "security/guard.h"
#include "security/identity.h"
#include "security/secret_file.h"
#include "tests/support/temp_dir.h"

namespace medarc::security {
namespace {

using Kind = ShownIdentity::Kind;

std::string token(const std::string& name, const std::string& secret, const std::string& role) {
  return "[[security.token]]\nname = \"" + name + "\"\nrole = \"" + role + "\"\nsha256 = \"" +
         archive::Sha256::of(secret).hex() + "\"\n";
}
std::string peer(const std::string& aet, const std::string& identity) {
  return "[[dicom.peer]]\naet = \"" + aet + "\"\nidentity = \"" + identity + "\"\n";
}

class Identity : public ::testing::Test {
 protected:
  void configure(const std::string& toml) {
    auto config = Config::parse(toml);
    ASSERT_TRUE(config.has_value());
    auto made = Authenticator::create(*config);
    ASSERT_TRUE(made.has_value()) << made.error().text;
    door = std::move(*made);
    auto read = Identities::create(*config);
    ASSERT_TRUE(read.has_value()) << read.error().text;
    identities = std::move(*read);
  }
  Result<Identified> show(const std::string& aet, std::optional<ShownIdentity> shown) {
    auto who = door->association({aet, "127.0.0.1"});
    EXPECT_TRUE(who.has_value());
    return identities->identify(*who, aet, shown);
  }
  static ShownIdentity name(std::string_view user) { return {Kind::name, user, ""}; }
  static ShownIdentity both(std::string_view user, std::string_view passcode) {
    return {Kind::name_and_passcode, user, passcode};
  }
  std::unique_ptr<Authenticator> door;
  std::unique_ptr<Identities> identities;
};

TEST_F(Identity, ANameWithItsTokenIsThatPrincipal) {
  configure(token("anna", "s3cret", "radiologist") + token("ben", "other", "administrator") +
            peer("WS1", "asked"));
  const auto who = show("WS1", both("anna", "s3cret"));
  ASSERT_TRUE(who.has_value()) << who.error().text;
  EXPECT_TRUE(who->confirmed);
  EXPECT_EQ(who->principal.id, "token:anna@ae:WS1");
  EXPECT_EQ(calling_aet(who->principal), "WS1");
  EXPECT_EQ(who->principal.roles, std::set<Role>{Role::radiologist});
  EXPECT_EQ(who->principal.door, "dimse");
  EXPECT_EQ(who->principal.peer, "127.0.0.1");
  for (const auto& wrong : {both("anna", "wrong"), both("anna", "other"), both("ben", "s3cret"),
                            both("", "s3cret"), both("anna", ""), both("nobody", "s3cret"),
                            both("anna", std::string_view("s3cret\0", 7))}) {
    EXPECT_EQ(show("WS1", wrong).error().code, Code::unauthenticated);
  }
}

TEST_F(Identity, ATokenAloneIsEnoughAndAWrongOneIsNot) {
  configure(token("anna", "s3cret", "radiologist") + peer("WS1", "asked"));
  EXPECT_EQ(show("WS1", ShownIdentity{Kind::token, "s3cret", ""})->principal.id,
            "token:anna@ae:WS1");
  EXPECT_EQ(show("WS1", ShownIdentity{Kind::token, "wrong", ""}).error().code,
            Code::unauthenticated);
  EXPECT_EQ(show("WS1", ShownIdentity{Kind::token, "", ""}).error().code, Code::unauthenticated);
}

TEST_F(Identity, WhatProvesNothingIsPassedOverUnlessOneIsRequired) {
  configure(token("anna", "s3cret", "radiologist") + peer("LAX", "asked") +
            peer("STRICT", "required") + peer("KNOWS", "trusted"));
  for (const auto& nothing : {std::optional<ShownIdentity>(), std::optional(name("anna")),
                              std::optional(ShownIdentity{Kind::other, "ticket", ""})}) {
    const auto lax = show("LAX", nothing);
    ASSERT_TRUE(lax.has_value());
    EXPECT_FALSE(lax->confirmed);
    EXPECT_EQ(lax->principal.id, "ae:LAX");
    EXPECT_EQ(show("STRICT", nothing).error().code, Code::unauthenticated);
  }
  EXPECT_EQ(show("STRICT", both("anna", "s3cret"))->principal.id, "token:anna@ae:STRICT");
  EXPECT_EQ(show("KNOWS", name("anna"))->principal.id, "token:anna@ae:KNOWS");
  EXPECT_EQ(show("KNOWS", name("nobody")).error().code, Code::unauthenticated);
  EXPECT_EQ(show("KNOWS", std::nullopt).error().code, Code::unauthenticated);
  EXPECT_EQ(show("KNOWS", both("anna", "wrong")).error().code, Code::unauthenticated);
}

TEST_F(Identity, WithoutTokensNothingCanBeVerified) {
  configure(peer("WS1", "asked"));
  const auto who = show("WS1", both("anna", "s3cret"));
  ASSERT_TRUE(who.has_value());
  EXPECT_FALSE(who->confirmed);
  EXPECT_EQ(who->principal.id, "ae:WS1");
  for (const char* wrong : {"required", "trusted", "perhaps"}) {
    auto config = Config::parse(peer("WS1", wrong));
    EXPECT_EQ(Identities::create(*config).error().code, Code::invalid_argument) << wrong;
  }
}

TEST_F(Identity, FieldsHaveALimit) {
  configure("[dicom]\nidentity_bytes_max = 6\n" + token("anna", "s3cret", "radiologist") +
            peer("WS1", "asked"));
  EXPECT_TRUE(show("WS1", both("anna", "s3cret")).has_value());
  EXPECT_EQ(show("WS1", both("anna", "s3cret+")).error().code, Code::too_large);
  EXPECT_EQ(show("WS1", ShownIdentity{Kind::other, "7777777", ""}).error().code, Code::too_large);
}

TEST(CallingAet, IsThatOfTheAssociation) {
  EXPECT_EQ(calling_aet({"ae:CT 1", {}, "dimse", ""}), "CT 1");
  EXPECT_EQ(calling_aet({"token:a@ae:b@ae:CT1", {}, "dimse", ""}), "CT1");
  EXPECT_EQ(calling_aet({"token:a@ae:CT1", {}, "dicomweb", ""}), "");
  EXPECT_EQ(calling_aet({"local", {}, "dimse", ""}), "");
}

TEST(SecretFile, IsReadWithoutItsLineEndAndNeverNamedInErrors) {
  test::TempDir dir;
  const std::string file = dir / "secret";
  std::ofstream(file) << "correct horse \n";
  EXPECT_EQ(*read_secret(file), "correct horse ");
  std::ofstream(file) << "\r\n";
  EXPECT_EQ(read_secret(file).error().code, Code::invalid_argument);
  std::ofstream(file) << std::string(kSecretFileBytesMax + 1, 's');
  const auto large = read_secret(file);
  ASSERT_TRUE(large.has_error());
  EXPECT_EQ(large.error().text.find("sss"), std::string::npos);
  EXPECT_NE(read_secret(dir / "nowhere").error().text.find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace medarc::security

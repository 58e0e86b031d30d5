// Key files: those that the reference implementation wrote, and ours.
#include "genomics/crypt4gh_keys.h"

#include <gtest/gtest.h>

namespace medarc::genomics::crypt4gh {
namespace {

// One secret key (bytes 1 to 32), by the reference implementation; passphrase "open sesame".
constexpr const char* kPlain =
    "YzRnaC12MQAEbm9uZQAEbm9uZQAgAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
constexpr const char* kScrypt =
    "YzRnaC12MQAGc2NyeXB0ABQAAAAA9+8NttvWHyN3vqoqf1JwzgARY2hhY2hhMjBfcG9seTEzMDUAPD61A2ojVY5YH+/"
    "NSwq1V6+h/ozMPqZLiwTHpwNxPBudoBAy6MwAC6J3DkYCv99EXqs+WFOGnCiozoWstg==";
constexpr const char* kBcrypt =
    "YzRnaC12MQAGYmNyeXB0ABQAAABknuBY/U3Tf45e9Gbud1iewQARY2hhY2hhMjBfcG9seTEzMDUAPPSBmSmH3xopkL4M"
    "VIVhbe6a4raZBHRVbEVw3gT5xlBaCL5yxkE8AeANnb1Hu0s3OL0ZDK357sG7LSXrBAAJYSBjb21tZW50";
constexpr const char* kPbkdf2 =
    "YzRnaC12MQAScGJrZGYyX2htYWNfc2hhMjU2ABQAAAPoMDEyMzQ1Njc4OWFiY2RlZgARY2hhY2hhMjBfcG9seTEzMDUA"
    "PEFBQUFBQUFBQUFBQTMvNLgJkRRtjUTYgWg7TemKFZsgkTlcAsee/EEThvKyNRc/A+5acB5Ezr7KULW+yg==";
constexpr const char* kPublic = "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=";

std::string block(const std::string& label, const std::string& base64) {
  return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
}
std::string secret_block(const std::string& base64) {
  return block("CRYPT4GH PRIVATE KEY", base64);
}

Secret known_secret() {
  Bytes bytes;
  for (int i = 1; i <= 32; ++i) bytes += static_cast<char>(i);
  return *Secret::from_view(bytes);
}

TEST(Crypt4ghKeys, ReadsWhatTheReferenceWrites) {
  for (const char* base64 : {kPlain, kScrypt, kPbkdf2}) {
    const auto key = read_secret_key(secret_block(base64), "open sesame");
    ASSERT_TRUE(key.has_value()) << key.error().text;
    EXPECT_EQ(*key, known_secret());
  }
  const auto key = read_public_key(block("CRYPT4GH PUBLIC KEY", kPublic));
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(*key, security::public_key_of(known_secret()));
  EXPECT_EQ(read_public_key(std::string(kPublic) + "\n").value(), *key) << "base64 alone";
  EXPECT_EQ(read_public_key("\r\n-----BEGIN CRYPT4GH PUBLIC KEY-----\r\n" + std::string(kPublic) +
                            "\r\n-----END CRYPT4GH PUBLIC KEY-----")
                .value(),
            *key)
      << "other line ends";
}

TEST(Crypt4ghKeys, WritesThePlainFormsByteForByteAsTheReference) {
  EXPECT_EQ(write_secret_key(known_secret(), "").value(), secret_block(kPlain));
  EXPECT_EQ(write_public_key(security::public_key_of(known_secret())),
            block("CRYPT4GH PUBLIC KEY", kPublic));
}

TEST(Crypt4ghKeys, APassphraseIsNeededAndChecked) {
  const Secret key = Secret::random();
  const Bytes file = write_secret_key(key, "one").value();
  EXPECT_EQ(read_secret_key(file, "one").value(), key);
  EXPECT_NE(write_secret_key(key, "one").value(), file) << "a salt of its own";
  for (const char* passphrase : {"", "two"}) {
    const auto read = read_secret_key(file, passphrase);
    ASSERT_TRUE(read.has_error());
    EXPECT_EQ(read.error().code, Code::invalid_argument);
  }
}

TEST(Crypt4ghKeys, BcryptAndOpensshAreNamedAsWhatIsMissing) {
  const auto bcrypt = read_secret_key(secret_block(kBcrypt), "open sesame");
  ASSERT_TRUE(bcrypt.has_error());
  EXPECT_EQ(bcrypt.error().code, Code::unsupported);
  EXPECT_NE(bcrypt.error().text.find("bcrypt"), std::string::npos);
  const auto openssh =
      read_secret_key(block("OPENSSH PRIVATE KEY", to_base64("openssh-key-v1")), "");
  ASSERT_TRUE(openssh.has_error());
  EXPECT_EQ(openssh.error().code, Code::unsupported);
  const auto line = read_public_key("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA someone@somewhere");
  ASSERT_TRUE(line.has_error());
  EXPECT_EQ(line.error().code, Code::unsupported);
}

TEST(Crypt4ghKeys, SeveralKeysInAFileKeepTheirOrder) {
  const Secret other = Secret::random();
  const Bytes file = write_secret_key(other, "").value() + secret_block(kPlain);
  EXPECT_EQ(read_secret_keys(file, "").value(), (std::vector<Secret>{other, known_secret()}));
  EXPECT_TRUE(read_secret_key(file, "").has_error());
}

TEST(Crypt4ghKeys, WhatIsNoKeyIsRefused) {
  const Bytes form = *from_base64(kScrypt);
  for (size_t n = 0; n < form.size(); ++n) {
    EXPECT_TRUE(read_secret_key(secret_block(to_base64(ByteView(form).substr(0, n))), "open sesame")
                    .has_error())
        << n;
  }
  Bytes rounds = *from_base64(kPbkdf2);
  rounds[rounds.find(Bytes("\0\0\3\xe8", 4))] = '\x7f';  // two thousand million of them
  EXPECT_EQ(read_secret_key(secret_block(to_base64(rounds)), "open sesame").error().code,
            Code::invalid_argument);
  const std::string begin = "-----BEGIN CRYPT4GH PRIVATE KEY-----\n";
  for (const std::string& text :
       {std::string(), std::string("no key"), begin, begin + kPlain, begin + "*\n" + begin,
        block("CRYPT4GH PUBLIC KEY", kPlain), secret_block(kPublic),
        begin + kPlain + "\n-----END OTHER PRIVATE KEY-----\n", std::string(70'000, 'x')}) {
    EXPECT_TRUE(read_secret_key(text, "x").has_error()) << text.substr(0, 60);
  }
  for (const std::string& text : {std::string(), std::string("AAAA"),
                                  block("CRYPT4GH PUBLIC KEY", "AAAA"), secret_block(kPublic)}) {
    const auto read = read_public_key(text);
    ASSERT_TRUE(read.has_error()) << text;
    EXPECT_EQ(read.error().code, Code::invalid_argument);
  }
}

}  // namespace
}  // namespace medarc::genomics::crypt4gh

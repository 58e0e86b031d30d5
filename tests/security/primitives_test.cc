// The primitives against vectors of their standards, and of other implementations where a standard
// has none of our form.
#include "security/primitives.h"

#include <gtest/gtest.h>

namespace medarc::security {
namespace {

Secret secret(std::string_view hex) { return *Secret::from_view(*from_hex(hex)); }

TEST(Primitives, X25519AgreesAsInRfc7748) {
  const Secret alice = secret("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const Secret bob = secret("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(to_hex(public_key_of(alice).view()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(public_key_of(bob).view()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string agreed = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(to_hex(agree(alice, public_key_of(bob))->view()), agreed);
  EXPECT_EQ(to_hex(agree(bob, public_key_of(alice))->view()), agreed);
}

TEST(Primitives, AKeyThatEverybodyAgreesWithIsRefused) {
  for (const char first : {'\0', '\1'}) {
    Bytes point(32, '\0');
    point[0] = first;
    const auto agreed = agree(Secret::random(), *PublicKey::from_view(point));
    ASSERT_TRUE(agreed.has_error());
    EXPECT_EQ(agreed.error().code, Code::invalid_argument);
  }
}

TEST(Primitives, HashesAreThoseOfTheirStandards) {
  EXPECT_EQ(to_hex(blake2b_512("abc")),  // RFC 7693 appendix A
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
  EXPECT_EQ(hmac_sha256("Jefe", "what do ya want for nothing?").hex(),  // RFC 4231 case 2
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Primitives, DerivedSecretsAreThoseOfHkdf) {
  Bytes from;
  for (int i = 0; i < 32; ++i) from += static_cast<char>(i);
  EXPECT_EQ(to_hex(derive(*Secret::from_view(from), "salt", "info").view()),
            "64cc2a23b7a1da4310420350405fdf5d632cb9bda3700d753e96cbcfeb81d449");
  const Secret one = Secret::random();
  EXPECT_EQ(derive(one, {}, "a"), derive(one, {}, "a"));
  EXPECT_FALSE(derive(one, {}, "a") == derive(one, {}, "b"));
  EXPECT_FALSE(derive(one, "x", "a") == derive(one, "y", "a"));
}

TEST(Primitives, PassphrasesBecomeTheKeysOfTheirStandards) {
  EXPECT_EQ(to_hex(scrypt("password", "NaCl", {1024, 8, 16})->view()),  // RFC 7914 section 12
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162");
  EXPECT_EQ(to_hex(pbkdf2_sha256("passwd", "salt", 1).view()),  // RFC 7914 section 11
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
}

TEST(Primitives, ABoxIsThatOfLibsodiumAndNoticesEveryChange) {
  Bytes key;
  for (int i = 0; i < 32; ++i) key += static_cast<char>(i);
  Nonce nonce;
  for (size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<uint8_t>(i);
  BoxCipher box(*Secret::from_view(key));
  const Bytes plain = "Ladies and Gentlemen";
  Bytes sealed(plain.size() + kTagBytes, '\0');
  box.seal(nonce, plain, sealed.data());
  EXPECT_EQ(to_hex(sealed),
            "c59a6c694c648521d9e71fb4fd737a0fac1dd78929ac8300fb41c1bc3f12dcb22841b2ee");
  Bytes out(plain.size(), '\0');
  ASSERT_TRUE(box.open(nonce, sealed, out.data()));
  EXPECT_EQ(out, plain);
  for (size_t i = 0; i < sealed.size(); ++i) {
    Bytes changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(box.open(nonce, changed, out.data())) << i;
  }
  EXPECT_FALSE(box.open(nonce, ByteView(sealed).substr(0, 10), out.data()));
  nonce[0] ^= 1;
  EXPECT_FALSE(box.open(nonce, sealed, out.data()));
}

TEST(Primitives, AnEmptyBoxHasOnlyItsMac) {
  BoxCipher box(Secret::random());
  Bytes sealed(kTagBytes, '\0');
  box.seal({}, {}, sealed.data());
  char none = 0;
  EXPECT_TRUE(box.open({}, sealed, &none));
  sealed[3] = static_cast<char>(sealed[3] ^ 4);
  EXPECT_FALSE(box.open({}, sealed, &none));
}

}  // namespace
}  // namespace medarc::security

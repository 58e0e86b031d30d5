#include "archive/sha512.h"

#include <gtest/gtest.h>

namespace medarc::archive {
namespace {

// FIPS 180-4, the examples of its SHA-512.
TEST(Sha512, KnownAnswers) {
  Sha512 hash;
  EXPECT_EQ(
      to_hex(hash.finish()),
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d287"
      "7eec2f63b931bd47417a81a538327af927da3e");
  hash.update("a");
  hash.update("bc");
  EXPECT_EQ(
      to_hex(hash.finish()),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3"
      "feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

}  // namespace
}  // namespace medarc::archive

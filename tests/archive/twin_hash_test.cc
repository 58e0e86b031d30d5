#include "archive/twin_hash.h"

#include <gtest/gtest.h>

#include <random>

namespace medarc::archive {
namespace {

Bytes random_bytes(std::mt19937_64& random, size_t n) {
  Bytes out(n, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

// FIPS 180-4's own examples, as NIST publishes them.
TEST(TwinSha256, PublishedExamples) {
  TwinSha256 twin;
  EXPECT_EQ(twin.piece("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(twin.finish().hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(twin.finish().hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// Every length and every place in a block, against OpenSSL.
TEST(TwinSha256, PiecesAndStreamsAreWhatOpenSslSays) {
  std::mt19937_64 random(1);
  for (size_t first = 0; first <= 130; ++first) {
    for (size_t second = 0; second <= 200; ++second) {
      const Bytes bytes = random_bytes(random, first + second);
      const ByteView one = ByteView(bytes).substr(0, first), two = ByteView(bytes).substr(first);
      TwinSha256 twin;
      ASSERT_EQ(twin.piece(one), Sha256::of(one)) << first;
      ASSERT_EQ(twin.piece(two), Sha256::of(two)) << first << " " << second;
      ASSERT_EQ(twin.finish(), Sha256::of(bytes)) << first << " " << second;
    }
  }
  TwinSha256 twin;
  for (int round = 0; round < 50; ++round) {
    Sha256 whole;
    for (size_t pieces = random() % 20; pieces > 0; --pieces) {
      const Bytes piece = random_bytes(random, random() % (random() % 4 == 0 ? 300'000 : 500));
      whole.update(piece);
      ASSERT_EQ(twin.piece(piece), Sha256::of(piece)) << piece.size();
    }
    ASSERT_EQ(twin.finish(), whole.finish());
  }
}

}  // namespace
}  // namespace medarc::archive

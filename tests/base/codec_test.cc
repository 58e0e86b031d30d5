#include "base/codec.h"

#include <gtest/gtest.h>

#include <random>

namespace medarc {
namespace {

TEST(Codec, RoundTripAndEveryTruncationIsNoticed) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 200; ++round) {
    const uint64_t v = random() >> (random() % 64);
    const auto z = static_cast<int64_t>(random());
    const auto f = static_cast<uint32_t>(random());
    const Bytes text(random() % 300, 'x');
    Encoder out;
    out.varint(v);
    out.zigzag(z);
    out.fixed(f);
    out.bytes(text);
    for (size_t length = 0; length <= out.view().size(); ++length) {
      Decoder in(ByteView(out.view()).substr(0, length));
      const bool same = in.varint() == v && in.zigzag() == z && in.fixed<uint32_t>() == f &&
                        in.bytes() == text;
      if (length == out.view().size()) {
        EXPECT_TRUE(same && in.at_end());
      } else {
        EXPECT_FALSE(in.ok());
      }
    }
  }
}

TEST(Codec, OverlongAndOverflowingVarintsAreRefused) {
  Decoder endless(ByteView("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 11));
  endless.varint();
  EXPECT_FALSE(endless.ok());
  Decoder huge(ByteView("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10));
  EXPECT_EQ(huge.varint(), UINT64_MAX);
  EXPECT_TRUE(huge.at_end());
}

TEST(Codec, ADeclaredLengthBeyondTheInputAllocatesNothing) {
  Encoder out;
  out.varint(uint64_t{1} << 62);
  Decoder in(out.view());
  EXPECT_TRUE(in.bytes().empty());
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace medarc

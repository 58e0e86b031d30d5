// Segmented tables (PS3.3 C.7.9.2).
#include "dicom/render/lut.h"

#include <gtest/gtest.h>

namespace medarc::dicom {
namespace {

using Words = std::vector<uint16_t>;

Words expanded(const Words& words, size_t word_bytes, size_t count) {
  auto out = expand_segments(words, word_bytes, count);
  EXPECT_TRUE(out.has_value()) << out.error().text;
  return out.has_value() ? *out : Words{};
}

TEST(SegmentedLut, DiscreteLinearAndIndirectSegments) {
  EXPECT_EQ(expanded({0, 3, 5, 6, 7}, 2, 3), (Words{5, 6, 7}));
  EXPECT_EQ(expanded({0, 1, 10, 1, 4, 30}, 2, 5), (Words{10, 15, 20, 25, 30}));
  EXPECT_EQ(expanded({0, 1, 30, 1, 4, 10}, 2, 5), (Words{30, 25, 20, 15, 10}));
  EXPECT_EQ(expanded({0, 1, 0, 1, 3, 65535}, 2, 4), (Words{0, 21845, 43690, 65535}));
  // Repeats the two segments from byte 0 on; the line begins at the entry before it.
  EXPECT_EQ(expanded({0, 1, 10, 1, 2, 20, 2, 2, 0, 0}, 2, 6), (Words{10, 15, 20, 10, 15, 20}));
  // The second segment alone, which begins at byte 6.
  EXPECT_EQ(expanded({0, 1, 10, 1, 2, 20, 2, 1, 6, 0}, 2, 5), (Words{10, 15, 20, 20, 20}));
  // Octets: offsets take four of them.
  EXPECT_EQ(expanded({0, 1, 10, 1, 2, 20, 2, 1, 3, 0, 0, 0}, 1, 5), (Words{10, 15, 20, 20, 20}));
}

TEST(SegmentedLut, X09_DamageIsRefused) {
  const Words broken[] = {
      {},
      {0},
      {0, 0},
      {0, 3, 5},
      {1, 2, 20},                    // a line from nowhere
      {3, 1, 1},                     // no such type
      {0, 4, 1, 2, 3, 4},            // longer than the table
      {0, 2, 1, 2},                  // shorter
      {0, 1, 10, 2, 1, 2, 0},        // points into a segment
      {0, 1, 10, 2, 2, 0, 0},        // at more segments than there are
      {0, 1, 10, 2, 0, 0, 0},        // at none
      {0, 1, 10, 2, 1, 0},           // cut off
      {0, 1, 10, 2, 1, 6, 0, 0, 9},  // at itself
  };
  for (const Words& words : broken) {
    EXPECT_EQ(expand_segments(words, 2, 3).error().code, Code::not_acceptable) << words.size();
  }
}

TEST(SegmentedLut, EndsOfATableStretchOutwards) {
  Lut lut;
  lut.first = -2;
  lut.entries = {1, 2, 3};
  EXPECT_EQ(lut.at(INT32_MIN), 1);
  EXPECT_EQ(lut.at(-2), 1);
  EXPECT_EQ(lut.at(-1), 2);
  EXPECT_EQ(lut.at(0), 3);
  EXPECT_EQ(lut.at(INT32_MAX), 3);
}

}  // namespace
}  // namespace medarc::dicom

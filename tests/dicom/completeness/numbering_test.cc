#include "dicom/completeness/numbering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace medarc::dicom {
namespace {

TEST(Numbering, FewNumbers) {
  EXPECT_EQ(numbering_of({}, 10).numbered, 0u);
  EXPECT_FALSE(has_holes(numbering_of({}, 10)));
  const Numbering one = numbering_of({7}, 10);
  EXPECT_EQ(one.first, 7);
  EXPECT_EQ(one.last, 7);
  EXPECT_EQ(one.missing, 0u);
  const Numbering extremes = numbering_of({INT32_MAX, INT32_MIN}, 10);
  EXPECT_EQ(extremes.missing, 4294967294u);
  EXPECT_EQ(extremes.gaps, (std::vector<NumberGap>{{int64_t{INT32_MIN} + 1, INT32_MAX - 1}}));
  EXPECT_FALSE(has_holes(extremes));
}

TEST(Numbering, HolesAndWaysOfNumbering) {
  EXPECT_TRUE(has_holes(numbering_of({1, 2, 4, 5}, 10)));
  EXPECT_FALSE(has_holes(numbering_of({1, 2, 3, 4}, 10)));
  EXPECT_FALSE(has_holes(numbering_of({1, 3, 5, 7, 9}, 10)));  // every other one
  EXPECT_FALSE(has_holes(numbering_of({10, 20, 30}, 10)));
  EXPECT_FALSE(has_holes(numbering_of({1, 3}, 10)));
}

// Against the plain definition: every number between the first and the last that nobody has.
TEST(Numbering, GapsAreExactlyTheNumbersNobodyHas) {
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    const int64_t base = static_cast<int64_t>(random() % 2001) - 1000;
    const int64_t span = 1 + static_cast<int64_t>(random() % 60);
    const unsigned kept_of_16 = random() % 17;
    std::vector<int64_t> numbers;
    for (int64_t n = base; n < base + span; ++n) {
      while (random() % 16 < kept_of_16) {
        numbers.push_back(n);
        if (random() % 4 != 0) break;  // some are doubled
      }
    }
    std::shuffle(numbers.begin(), numbers.end(), random);
    const std::set<int64_t> held(numbers.begin(), numbers.end());
    const size_t gaps_max = random() % 5 == 0 ? 2 : 1000;

    const Numbering found = numbering_of(numbers, gaps_max);
    EXPECT_EQ(found.numbered, numbers.size());
    EXPECT_EQ(found.doubled, numbers.size() - held.size());
    std::set<int64_t> missing;
    if (!held.empty()) {
      EXPECT_EQ(found.first, *held.begin());
      EXPECT_EQ(found.last, *held.rbegin());
      for (int64_t n = found.first; n <= found.last; ++n) {
        if (!held.contains(n)) missing.insert(n);
      }
    }
    EXPECT_EQ(found.missing, missing.size());
    EXPECT_LE(found.gaps.size(), gaps_max);
    std::set<int64_t> told;
    int64_t before = INT64_MIN;
    for (const NumberGap& gap : found.gaps) {
      EXPECT_LE(gap.from, gap.to);
      EXPECT_GT(gap.from, before);  // in order, and never two side by side
      EXPECT_TRUE(held.contains(gap.from - 1) && held.contains(gap.to + 1));
      for (int64_t n = gap.from; n <= gap.to; ++n) told.insert(n);
      before = gap.to + 1;
    }
    if (found.gaps.size() < gaps_max) {
      EXPECT_EQ(told, missing);
    }
  }
}

}  // namespace
}  // namespace medarc::dicom

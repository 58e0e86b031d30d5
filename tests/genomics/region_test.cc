#include "genomics/region.h"

#include <gtest/gtest.h>

namespace medarc::genomics {
namespace {

BamHeader header_with(const std::vector<std::string>& names) {
  BamHeader h;
  for (const std::string& n : names) {
    h.ids[n] = static_cast<int32_t>(h.references.size());
    h.references.push_back({n, 1'000'000});
  }
  return h;
}

TEST(Region, SamtoolsFormIsOneBasedAndInclusive) {
  const BamHeader h = header_with({"chr1", "HLA:DRB1*1", "a:5-9", "a"});
  const auto parse = [&](std::string_view t) { return parse_samtools_region(t, h); };
  EXPECT_EQ(*parse("chr1"), (Region{0, 0, kToTheEnd}));
  EXPECT_EQ(*parse("chr1:101-200"), (Region{0, 100, 200}));
  EXPECT_EQ(*parse("chr1:1,001-2,000"), (Region{0, 1000, 2000}));
  EXPECT_EQ(*parse("chr1:101"), (Region{0, 100, kToTheEnd}));
  EXPECT_EQ(*parse("chr1:101-"), (Region{0, 100, kToTheEnd}));
  EXPECT_EQ(*parse("chr1:-200"), (Region{0, 0, 200}));
  EXPECT_EQ(*parse("*"), Region{});
  EXPECT_EQ(*parse("HLA:DRB1*1"), (Region{1, 0, kToTheEnd}));
  EXPECT_EQ(*parse("HLA:DRB1*1:5-6"), (Region{1, 4, 6}));
  EXPECT_EQ(*parse("{a}:5-9"), (Region{3, 4, 9}));
  EXPECT_EQ(*parse("{a:5-9}"), (Region{2, 0, kToTheEnd}));
}

TEST(Region, WhatCannotBeReadIsRefused) {
  const BamHeader h = header_with({"chr1", "a:5-9", "a"});
  const auto code = [&](std::string_view t) {
    const auto r = parse_samtools_region(t, h);
    return r.has_error() ? r.error().code : Code::internal;
  };
  EXPECT_EQ(code("chr9"), Code::not_found);
  EXPECT_EQ(code("chr9:1-2"), Code::not_found);
  EXPECT_EQ(code(""), Code::not_found);
  EXPECT_EQ(code("a:5-9"), Code::invalid_argument) << "two readings";
  for (const char* t : {"chr1:0-5", "chr1:9-5", "chr1:x", "chr1:-", "chr1:1-x", "chr1:", "{chr1", "{chr1}x", "."}) {
    EXPECT_EQ(code(t), Code::invalid_argument) << t;
  }
}

TEST(Region, H14HtsgetFormIsZeroBasedAndHalfOpen) {
  const BamHeader h = header_with({"chr1"});
  EXPECT_EQ(*htsget_region("chr1", 100, 200, h), (Region{0, 100, 200}));
  EXPECT_EQ(*htsget_region("chr1", 0, UINT32_MAX, h), (Region{0, 0, kToTheEnd}));
  EXPECT_EQ(*htsget_region("*", 0, 0, h), Region{});
  EXPECT_EQ(htsget_region("x", 0, 1, h).error().code, Code::not_found);
}

TEST(Region, H20OverlapsAreMergedIntoFileOrder) {
  const auto merged = merge_regions({{1, 5, 10}, {kUnplaced, 3, 4}, {0, 50, 60}, {1, 8, 20}, {0, 60, 70},
                                     {1, 30, 30}, {kUnplaced, 0, 9}});
  EXPECT_EQ(merged, (std::vector<Region>{{0, 50, 70}, {1, 5, 20}, Region{}}));
}

}  // namespace
}  // namespace medarc::genomics

// Block maps: what regions find, what reading them costs, and what damage they notice.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "genomics/block_map_builder.h"
#include "genomics/slice_plan.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

constexpr ByteView kHeader = "header";

// Sorted records of `references` references and some without one, in blocks of which some begin no
// record.
std::vector<Extent> make_extents(uint32_t seed, size_t count, int32_t references) {
  std::mt19937 random(seed);
  std::vector<Extent> out;
  uint64_t offset = 100;
  int32_t begin = 0;
  while (out.size() < count) {
    Extent x;
    x.block_offset = offset;
    x.block_bytes_less_1 = static_cast<uint16_t>(random() % 60'000);
    x.plain_bytes = 65'280;
    x.first_offset = static_cast<uint16_t>(random() % 300);
    offset += x.block_bytes();
    if (random() % 10 > 0) {
      const auto tid =
          static_cast<int32_t>(out.size() * static_cast<size_t>(references + 1) / count);
      x.tid = tid == references ? kUnplaced : tid;
      if (!out.empty() && out.back().tid != x.tid && out.back().tid != kUnplaced) begin = 0;
      x.records = static_cast<uint16_t>(1 + random() % 200);
      x.min_begin = begin;
      x.max_begin = begin += static_cast<int32_t>(random() % 500);
      x.min_end = x.min_begin + 1 + static_cast<int32_t>(random() % 300);
      x.max_end = std::max(x.min_end, x.max_begin + 1) + static_cast<int32_t>(random() % 20'000);
    }
    out.push_back(x);
  }
  return out;
}

Bytes stored_of(const std::vector<Extent>& extents, bool sorted = true) {
  BlockMapBuilder builder;
  for (const Extent& x : extents) builder.add_extent(x);
  return builder.finish(sorted, kHeader, {"more"});
}

std::vector<uint32_t> met(const std::vector<Extent>& extents, const Region& r) {
  std::vector<uint32_t> out;
  for (uint32_t i = 0; i < extents.size(); ++i) {
    const Extent& x = extents[i];
    if (x.records == 0 || x.tid != r.tid) continue;
    const bool overlaps = r.tid == kUnplaced || (int64_t{x.min_begin} < int64_t{r.end} &&
                                                 int64_t{x.max_end} > int64_t{r.begin});
    if (overlaps) out.push_back(i);
  }
  return out;
}

std::vector<uint32_t> numbers_of(const std::vector<Touched>& touched) {
  std::vector<uint32_t> out;
  for (const Touched& t : touched) out.push_back(t.extent);
  return out;
}

TEST(BlockMap, FindsWhatLookingAtEveryExtentFinds) {
  std::mt19937 random(3);
  for (const size_t count : {1u, 5u, 511u, 512u, 513u, 1'500u, 4'000u}) {
    const auto extents = make_extents(static_cast<uint32_t>(count), count, 4);
    const BlockMap map = must(BlockMap::in_memory(stored_of(extents)));
    EXPECT_TRUE(map.sorted());
    EXPECT_EQ(map.header_blocks(), kHeader);
    EXPECT_EQ(map.more_contigs(), std::vector<std::string>{"more"});
    for (int i = 0; i < 300; ++i) {
      Region r;
      r.tid = static_cast<int32_t>(random() % 6) - 1;
      r.begin = random() % 300'000;
      r.end = r.begin + 1 + random() % (i % 2 == 0 ? 100'000 : 50);
      if (r.tid == kUnplaced) r = {kUnplaced, 0, 0};
      EXPECT_EQ(numbers_of(must(map.query({r}))), met(extents, r)) << count << " " << r.tid;
    }
    std::vector<uint32_t> all;
    for (uint32_t i = 0; i < count; ++i) {
      if (extents[i].records > 0) all.push_back(i);
    }
    EXPECT_EQ(numbers_of(must(map.everything())), all);
  }
}

TEST(BlockMap, ARegionReadsItsPagesAndNoOthersHoweverLargeTheFile) {
  for (const size_t count : {20'000u, 600'000u}) {
    const auto extents = make_extents(7, count, 20);
    const Bytes stored = stored_of(extents);
    uint64_t bytes_read = 0, reads = 0;
    const BlockMap map = must(BlockMap::open(stored.size(), [&](ByteRange range, char* out) {
      bytes_read += range.length;
      ++reads;
      stored.copy(out, range.length, range.begin);
      return Status();
    }));
    EXPECT_LT(bytes_read, 1'000 + 8 * (count / kPageExtents + 1));
    bytes_read = reads = 0;
    for (int32_t tid = 0; tid < 20; ++tid) {
      const Region r{tid, 10'000, 11'000};
      EXPECT_EQ(numbers_of(must(map.query({r}))), met(extents, r));
    }
    EXPECT_LE(reads, 20u * 2);
    EXPECT_LE(bytes_read, reads * kPageBytes);
    EXPECT_LT(map.memory_bytes_max(), (12u << 20) + 50 * count / kPageExtents);
  }
}

TEST(BlockMap, PagesThatWereDroppedAreReadAgain) {
  const size_t count = (ExtentPages::kPagesKept + 20) * size_t{kPageExtents};
  const auto extents = make_extents(8, count, 3);
  const BlockMap map = must(BlockMap::in_memory(stored_of(extents)));
  for (int round = 0; round < 2; ++round) {
    Extents x = map.extents();
    ASSERT_EQ(x.size(), count);
    for (uint32_t i = 0; i < count; ++i) ASSERT_EQ(x[i].block_offset, extents[i].block_offset);
    EXPECT_FALSE(x.failed().has_error());
  }
}

TEST(BlockMap, IsReadByManyAtOnceWhilePagesComeAndGo) {
  const size_t count = (ExtentPages::kPagesKept + 50) * size_t{kPageExtents};
  const auto extents = make_extents(13, count, 6);
  const BlockMap map = must(BlockMap::in_memory(stored_of(extents)));
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (uint32_t n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] {
      std::mt19937 random(n);
      Extents x = map.extents();
      for (int i = 0; i < 3'000; ++i) {
        const auto number = static_cast<uint32_t>(random() % count);
        if (x[number].block_offset != extents[number].block_offset) ++wrong;
      }
      if (x.failed().has_error()) ++wrong;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(BlockMap, IsTheSameWheneverItsPagesAreTaken) {
  const auto extents = make_extents(9, 3'000, 2);
  const Bytes whole = stored_of(extents);
  std::mt19937 random(9);
  BlockMapBuilder builder;
  Bytes pieces;
  for (const Extent& x : extents) {
    builder.add_extent(x);
    if (random() % 400 == 0) pieces += builder.take_pages();
  }
  pieces += builder.finish(true, kHeader, {"more"});
  EXPECT_EQ(pieces, whole);
}

TEST(BlockMap, OfFormat1IsReadAsOneOfToday) {
  const auto extents = make_extents(10, 1'300, 3);
  Encoder e;
  e.raw("MEDBMAP1");
  e.fixed(uint32_t{1 | 2});
  e.fixed(static_cast<uint32_t>(kHeader.size()));
  e.fixed(uint64_t{extents.size()});
  e.raw(kHeader);
  e.fixed(uint32_t{1});
  e.bytes("more");
  for (const Extent& x : extents) put_extent(e, x);
  const BlockMap map = must(BlockMap::in_memory(e.view()));
  EXPECT_EQ(map.header_blocks(), kHeader);
  EXPECT_EQ(map.more_contigs(), std::vector<std::string>{"more"});
  for (int32_t tid = -1; tid < 4; ++tid) {
    const Region r{tid, 1'000, 5'000};
    EXPECT_EQ(numbers_of(must(map.query({r}))), met(extents, r)) << tid;
  }
  EXPECT_EQ(must(map.everything()).size(),
            must(must(BlockMap::in_memory(stored_of(extents))).everything()).size());
  EXPECT_LT(map.memory_bytes_max(), extents.size() * sizeof(Extent) * 2);
  for (size_t cut = 0; cut < e.view().size(); cut += 997) {
    EXPECT_EQ(BlockMap::in_memory(e.view().substr(0, cut)).error().code, Code::corrupt) << cut;
  }
}

TEST(BlockMap, NoticesWhenItWasCutOrContradictsItself) {
  const auto extents = make_extents(11, 700, 3);
  const Bytes stored = stored_of(extents);
  for (size_t cut = 0; cut < stored.size(); cut += 991) {
    EXPECT_EQ(BlockMap::in_memory(stored.substr(0, cut)).error().code, Code::corrupt) << cut;
  }
  Bytes backwards = stored;  // the second page's second block begins before its first
  const size_t at = kMapMagic.size() + kPageBytes + kExtentBytes;
  backwards.replace(at, 8, 8, '\0');
  const BlockMap map = must(BlockMap::in_memory(backwards));
  EXPECT_EQ(map.everything().error().code, Code::corrupt);
  EXPECT_FALSE(must(map.query({{0, 0, 10}})).empty());  // of the first page
}

TEST(BlockMap, AnErrorOfTheStoreIsTheAnswer) {
  const Bytes stored = stored_of(make_extents(12, 2'000, 3));
  bool broken = false;
  const BlockMap map =
      must(BlockMap::open(stored.size(), [&](ByteRange range, char* out) -> Status {
        if (broken) return make_error(Code::io, "broken");
        stored.copy(out, range.length, range.begin);
        return {};
      }));
  broken = true;
  EXPECT_EQ(map.query({{0, 0, 1'000}}).error().code, Code::io);
  EXPECT_EQ(map.everything().error().code, Code::io);
  broken = false;
  const auto all = must(map.everything());
  broken = true;  // its pages are in memory by now
  EXPECT_TRUE(plan_slice(map, all).has_value());
  const BlockMap cold = must(([&] {
    broken = false;
    auto opened = BlockMap::open(stored.size(), [&](ByteRange range, char* out) -> Status {
      if (broken) return make_error(Code::io, "broken");
      stored.copy(out, range.length, range.begin);
      return {};
    });
    broken = true;
    return opened;
  })());
  for (const bool recode_all : {false, true}) {
    EXPECT_EQ(plan_slice(cold, all, {.recode_all = recode_all}).error().code, Code::io);
  }
}

}  // namespace
}  // namespace medarc::genomics

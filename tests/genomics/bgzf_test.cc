#include "genomics/bgzf.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

std::string noise(size_t bytes, uint64_t seed, int letters) {
  std::mt19937_64 random(seed);
  std::string out;
  for (size_t i = 0; i < bytes; ++i) {
    out += static_cast<char>(random() % static_cast<uint64_t>(letters));
  }
  return out;
}

// All plain bytes of a BGZF stream, fed in pieces of `step`.
Result<Bytes> through(const std::string& packed, size_t step) {
  BgzfSplitter splitter(1'000'000);
  const BgzfInflater inflater;
  Bytes out;
  const auto feed = [&](ByteView bytes) -> Status {
    while (true) {
      MEDARC_ASSIGN(const bool full, splitter.feed(bytes));
      if (!full) return {};
      BgzfBatch batch = splitter.take();
      EXPECT_LE(batch.plain_bytes, BgzfSplitter::kBatchPlainBytes + kBgzfBlockBytesMax);
      MEDARC_TRY(batch.inflate(inflater));
      out += batch.plain;
    }
  };
  for (size_t at = 0; at < packed.size(); at += step) {
    MEDARC_TRY(feed(ByteView(packed).substr(at, step)));
  }
  MEDARC_TRY(feed({}));
  BgzfBatch rest = splitter.take();
  MEDARC_TRY(rest.inflate(inflater));
  out += rest.plain;
  MEDARC_TRY(splitter.finish());
  return out;
}

TEST(Bgzf, AnySplitOfTheInputGivesTheSameBlocks) {
  const std::string plain = noise(1'500'000, 1, 7);
  const std::string packed = test::bgzip(plain);
  for (const size_t step : {1u, 7u, 4'096u, 65'537u, 10'000'000u}) {
    if (step == 1 && packed.size() > 2'000'000) continue;
    EXPECT_EQ(must(through(packed, step)), plain) << step;
  }
}

TEST(Bgzf, BlocksThatInflateALotDoNotMakeLargeBatches) {
  const std::string plain(40'000'000, 'A');
  EXPECT_EQ(must(through(test::bgzip(plain), 1 << 20)).size(), plain.size());
}

TEST(Bgzf, WhatIsDeflatedInflatesToTheSame) {
  for (const int letters : {1, 4, 256}) {
    for (const size_t bytes : {0u, 1u, 65'280u, 65'281u, 300'000u}) {
      const std::string plain = noise(bytes, bytes, letters);
      Bytes packed;
      BgzfDeflater().deflate(plain, packed);
      packed += kBgzfEof;
      EXPECT_EQ(must(through(packed, 1000)), plain);
      if (!plain.empty()) {
        EXPECT_EQ(test::gunzip(packed), plain);
      }
    }
  }
}

TEST(Bgzf, TruncationAndAMissingEndMarkerAreSaid) {
  const std::string packed = test::bgzip(noise(200'000, 3, 200));
  auto whole_blocks = through(packed.substr(0, packed.size() - 28), 5000);
  ASSERT_TRUE(whole_blocks.has_error());
  EXPECT_NE(whole_blocks.error().text.find("end-of-file marker is missing"), std::string::npos);
  for (size_t cut = 1; cut < packed.size(); cut += 997) {
    EXPECT_TRUE(through(packed.substr(0, packed.size() - cut), 5000).has_error()) << cut;
  }
}

TEST(Bgzf, EveryChangedByteIsNoticedOrHarmless) {
  const std::string plain = noise(3000, 4, 4);
  const std::string packed = test::bgzip(plain);
  int refused = 0;
  for (size_t at = 0; at < packed.size(); ++at) {
    std::string changed = packed;
    changed[at] = static_cast<char>(changed[at] ^ 0x41);
    const auto got = through(changed, 100'000);
    if (got.has_error()) {
      ++refused;
    } else {
      EXPECT_EQ(*got, plain) << at;  // time stamp, OS byte: nothing that is data
    }
  }
  EXPECT_GT(refused, static_cast<int>(packed.size() * 9 / 10));
}

TEST(Bgzf, MoreBlocksThanAllowedAreRefused) {
  BgzfSplitter splitter(3);
  const std::string packed = test::bgzip(std::string(1000, 'x'), 100);
  ByteView rest = packed;
  const auto fed = splitter.feed(rest);
  ASSERT_TRUE(fed.has_error());
  EXPECT_EQ(fed.error().code, Code::too_large);
}

}  // namespace
}  // namespace medarc::genomics

// Chunks of BGZF blocks as what they were compressed from: made by other people's writers at every
// level, restored byte for byte.
#include "genomics/cold/coded_blocks.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/genomics/cold/zlib_block.h"
#include "tests/genomics/sam_maker.h"
#include "tests/support/genome_maker.h"
#include "tests/support/temp_dir.h"

namespace medarc::genomics {
namespace {

Bytes some_text(size_t n, uint64_t seed = 1) {
  Bytes out = test::make_fastq({.seed = seed, .records = static_cast<uint32_t>(n / 150 + 2)});
  out.resize(n);
  return out;
}

struct Restored {
  bool coded = false;
  size_t coded_bytes = 0;
  Bytes form;
};
Restored restored(ByteView chunk, ColumnLayout layout, const std::string& what) {
  BlockRecoder recoder(layout, 3);
  const auto coded = recoder.encode(chunk);
  if (!coded) return {};
  EXPECT_EQ(static_cast<uint8_t>((*coded)[0]), kColdFirstByte);
  const auto back = ColdDecoder().decode(*coded, static_cast<uint32_t>(chunk.size()));
  EXPECT_TRUE(back.has_value()) << what << (back.has_error() ? back.error().text : "");
  EXPECT_TRUE(back.has_value() && *back == chunk) << what;
  return {true, coded->size(), *coded};
}

TEST(ColdBlocks, FilesOfOtherPeoplesWritersComeBackAtEveryLevel) {
  const test::TempDir dir;
  test::write_file(dir / "a.sam", test::SamMaker({.pairs = 500}).make());
  test::write_file(dir / "a.fastq", test::make_fastq({.records = 300}));
  for (int level = 0; level <= 9; ++level) {
    const std::string l = std::to_string(level);
    test::run_tool({"samtools", "view", "-b", "--output-fmt-option", "level=" + l, "-o",
                    dir / "a.bam", dir / "a.sam"});
    const Bytes bam = test::read_file(dir / "a.bam");
    const Restored r = restored(bam, ColumnLayout::records, "bam " + l);
    EXPECT_TRUE(r.coded) << l;
    EXPECT_LT(r.coded_bytes, bam.size() * 9 / 10) << l;
    test::write_file(dir / "b.fastq", test::read_file(dir / "a.fastq"));
    test::run_tool({"bgzip", "-f", "-l", l, dir / "b.fastq"});
    const Bytes fastq = test::read_file(dir / "b.fastq.gz");
    EXPECT_TRUE(restored(fastq, ColumnLayout::fourths, "fastq " + l).coded) << l;
  }
}

TEST(ColdBlocks, OurOwnBlocksComeBack) {
  const Bytes text = some_text(200'000);
  for (const int level : {kBgzfFastLevel, kBgzfCarefulLevel}) {
    Bytes blocks;
    BgzfDeflater(level).deflate(text, blocks);
    blocks += kBgzfEof;
    EXPECT_TRUE(restored(blocks, ColumnLayout::one, std::to_string(level)).coded);
  }
  Bytes noise(100'000, '\0'), blocks;
  std::mt19937_64 random(1);
  for (char& c : noise) c = static_cast<char>(random());
  BgzfDeflater().deflate(noise, blocks);
  EXPECT_TRUE(restored(blocks, ColumnLayout::one, "stored blocks").coded);
}

TEST(ColdBlocks, EverySettingOfZlibThatWritersUseIsKnown) {
  const Bytes text = some_text(60'000);
  const Bytes other("XX\3\0abc", 7);
  for (int level = 1; level <= 9; ++level) {
    for (const int memory : {8, 9}) {
      const Bytes block = test::zlib_block(text, level, memory, Z_DEFAULT_STRATEGY, other);
      const Restored r = restored(block + block, ColumnLayout::one, std::to_string(level));
      EXPECT_TRUE(r.coded) << level << ' ' << memory;
      EXPECT_LT(r.coded_bytes, 2 * block.size());
    }
  }
}

TEST(ColdBlocks, BlocksThatNobodyMakesAgainLieBesideAsTheyCame) {
  const Bytes a = test::zlib_block(some_text(50'000, 1), 6, 8, Z_DEFAULT_STRATEGY);
  const Bytes foreign = test::zlib_block(some_text(50'000, 2), 6, 5, Z_DEFAULT_STRATEGY);
  const Bytes b = test::zlib_block(some_text(40'000, 3), 6, 8, Z_DEFAULT_STRATEGY);
  Bytes damaged = b;
  damaged[damaged.size() - 5] ^= 1;  // its CRC-32
  EXPECT_FALSE(restored(foreign, ColumnLayout::one, "foreign").coded);
  EXPECT_FALSE(restored(damaged, ColumnLayout::one, "damaged").coded);
  EXPECT_FALSE(restored("no blocks at all", ColumnLayout::one, "none").coded);
  EXPECT_FALSE(restored({}, ColumnLayout::one, "empty").coded);
  const Restored r = restored(a + foreign + damaged + b + Bytes(kBgzfEof) + "and what is behind",
                              ColumnLayout::fourths, "mixed");
  EXPECT_TRUE(r.coded);
  EXPECT_GT(r.coded_bytes, foreign.size() + damaged.size());
  EXPECT_FALSE(restored(a.substr(0, a.size() - 1), ColumnLayout::one, "cut off").coded);
  EXPECT_TRUE(restored(a + b.substr(0, 1000), ColumnLayout::one, "cut in a block").coded);

  BlockRecoder recoder(ColumnLayout::one, 3);
  EXPECT_EQ(recoder.try_first(foreign + b), std::optional(false));
  EXPECT_EQ(recoder.try_first(Bytes(kBgzfEof) + a), std::optional(true));
  EXPECT_EQ(recoder.try_first(kBgzfEof), std::nullopt);
  EXPECT_EQ(recoder.try_first(damaged), std::nullopt);
}

// A MB of blocks may inflate to a GB of nothing.
TEST(ColdBlocks, WhatInflatesToTooMuchStaysAsItIs) {
  const Bytes zeros = test::zlib_block(Bytes(65'000, '\0'), 6, 8, Z_DEFAULT_STRATEGY);
  Bytes many;
  for (uint64_t plain = 0; plain <= kColdPlainBytesMax; plain += 65'000) many += zeros;
  BlockRecoder recoder(ColumnLayout::one, 1);
  EXPECT_FALSE(recoder.encode(many).has_value());
  EXPECT_TRUE(recoder.encode(many.substr(0, 10 * zeros.size())).has_value());
}

TEST(ColdBlocks, DamagedFormsAreRefusedAndNeverTrusted) {
  const test::TempDir dir;
  test::write_file(dir / "a.sam", test::SamMaker({.pairs = 20}).make());
  test::run_tool({"samtools", "view", "-b", "-o", dir / "a.bam", dir / "a.sam"});
  const Bytes bam = test::read_file(dir / "a.bam");
  const auto length = static_cast<uint32_t>(bam.size());
  const Bytes form = restored(bam, ColumnLayout::records, "bam").form;
  ASSERT_FALSE(form.empty());
  ColdDecoder decoder;
  EXPECT_EQ(decoder.decode(form, length - 1).error().code, Code::corrupt);
  EXPECT_EQ(decoder.decode(form, length + 1).error().code, Code::corrupt);
  EXPECT_EQ(decoder.decode({}, length).error().code, Code::corrupt);
  EXPECT_EQ(decoder.decode(form + 'x', length).error().code, Code::corrupt);
  for (size_t n = 0; n < form.size(); n += 1 + form.size() / 200) {
    EXPECT_EQ(decoder.decode(form.substr(0, n), length).error().code, Code::corrupt) << n;
  }
  std::mt19937 random(2);
  for (int i = 0; i < 1000; ++i) {
    Bytes bad = form;
    bad[random() % bad.size()] = static_cast<char>(random());
    const auto back = decoder.decode(bad, length);
    if (back.has_value()) {
      EXPECT_EQ(back->size(), bam.size());
    } else {
      EXPECT_EQ(back.error().code, Code::corrupt);
    }
  }
}

// Forms as they lie in archives: they have to be read for good.
TEST(ColdBlocks, FormsOfTheFirstVersionAreRead) {
  const struct {
    const char *form, *blocks;
  } cases[] = {
      {"0201011601121f8b08040000000000ff0600424302000000bffb070002040008084072310a4072310a00"
       "0a0a414347540a414347540a0004042b0a2b0a000a0a494949490a494949490a",
       "1f8b08040000000000ff0600424302002c00732832e47274760fe1d2e6f204022e07343e00ddb7fb6820"
       "000000"},
      {"0201011601121f8b08040000000000ff0600424302000000e3f90700012f000000000000000202161600"
       "020200000002020000000202000000020200000002020000000202000000020200000002026401000202"
       "00000002020000000202000000020203030002023c3c0002024949000202121200020201010002020000"
       "000202000000020200000002020404000202000000020200000002020000000202ffff000202ffff0002"
       "02ffff000202ffff0002029b9a000202ffff000202ffff000202ffff0002020000000202000000020200"
       "0000020200000006067230007231000008084000000040000000000404124812480008081e1f20211e1f"
       "20210012124e4d4352475a5842424e4d4352475a5842420009094e4d4352475a58424200020205050006"
       "06673100673100001212730200000001000200730200000001000200",
       "1f8b08040000000000ff060042430200590073668080142066b6f1146204d22c40fc1f0a407245060c0e"
       "404ac8434e5e41d1cfd79935c83d2add9021c2c9a9980928cec8c0c4e00c3526159f3186048d01003ccd"
       "8bb68e000000"}};
  for (const auto& c : cases) {
    const Bytes blocks = from_hex(c.blocks).value();
    const auto back =
        ColdDecoder().decode(from_hex(c.form).value(), static_cast<uint32_t>(blocks.size()));
    ASSERT_TRUE(back.has_value()) << back.error().text;
    EXPECT_EQ(to_hex(*back), c.blocks);
  }
}

}  // namespace
}  // namespace medarc::genomics

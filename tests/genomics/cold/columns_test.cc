#include "genomics/cold/columns.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/genomics/sam_maker.h"
#include "tests/support/genome_maker.h"
#include "tests/support/temp_dir.h"

namespace medarc::genomics {
namespace {

// Every kind of record and tag, as samtools writes them, inflated.
Bytes plain_bam() {
  const test::TempDir dir;
  test::write_file(dir / "a.sam", test::SamMaker({.pairs = 60}).make());
  test::run_tool({"samtools", "view", "-b", "-o", dir / "a.bam", dir / "a.sam"});
  return test::gunzip(test::read_file(dir / "a.bam"));
}

void comes_back(ByteView plain, ColumnLayout wanted, const std::string& what) {
  const Columns columns = split_columns(plain, wanted);
  const auto back = join_columns(columns, plain.size());
  ASSERT_TRUE(back.has_value()) << what << ": " << back.error().text;
  EXPECT_TRUE(*back == plain) << what;
}

TEST(ColdColumns, RecordsComeBackWhereverTheBytesBeginAndEnd) {
  const Bytes plain = plain_bam();
  EXPECT_EQ(split_columns(plain, ColumnLayout::records).layout, ColumnLayout::records);
  std::mt19937 random(3);
  size_t taken_apart = 0;
  for (int i = 0; i < 300; ++i) {
    const size_t from = random() % plain.size();
    const ByteView piece = ByteView(plain).substr(from, random() % (plain.size() - from) + 1);
    taken_apart += split_columns(piece, ColumnLayout::records).layout == ColumnLayout::records;
    comes_back(piece, ColumnLayout::records, std::to_string(from));
  }
  EXPECT_GT(taken_apart, 150u);  // a few begin in the last record, or end in the first
  comes_back({}, ColumnLayout::records, "nothing");
}

TEST(ColdColumns, LinesComeBackWhereverTheBytesBeginAndEnd) {
  const Bytes plain = test::make_fastq({.records = 60});
  for (size_t from = 0; from < 300; from += 7) {
    comes_back(ByteView(plain).substr(from), ColumnLayout::fourths, std::to_string(from));
    comes_back(ByteView(plain).substr(0, plain.size() - from), ColumnLayout::fourths, "end");
  }
  comes_back("\n\n\n", ColumnLayout::fourths, "empty lines");
  comes_back("no line end", ColumnLayout::fourths, "no line end");
  comes_back({}, ColumnLayout::fourths, "nothing");
}

TEST(ColdColumns, WhatIsNoRecordStaysInOnePiece) {
  std::mt19937_64 random(1);
  Bytes noise(20'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_EQ(split_columns(noise, ColumnLayout::records).layout, ColumnLayout::one);
  comes_back(noise, ColumnLayout::records, "noise");
  comes_back(noise, ColumnLayout::fourths, "noise");
  // A tag of a type that nobody knows.
  Bytes plain = plain_bam();
  const size_t at = plain.find("RGZg1");
  ASSERT_NE(at, Bytes::npos);
  plain[at + 2] = '?';
  EXPECT_EQ(split_columns(plain, ColumnLayout::records).layout, ColumnLayout::one);
  comes_back(plain, ColumnLayout::records, "an unknown tag");
}

TEST(ColdColumns, TooManyKindsOfTagsStayInOnePiece) {
  // Kinds: two letters and a type; a record has 26 of them.
  const auto with = [](size_t kinds) {
    const test::TempDir dir;
    std::string sam = "@SQ\tSN:c\tLN:1000\n";
    for (size_t kind = 0; kind < kinds; ++kind) {
      if (kind % 26 == 0) {
        sam += (kind > 0 ? "\n" : "") + std::string("r\t0\tc\t9\t60\t4M\t*\t0\t0\tACGT\tIIII");
      }
      sam += "\t";
      sam += static_cast<char>('a' + kind / 26);
      sam += static_cast<char>('a' + kind % 26);
      sam += ":A:x";
    }
    test::write_file(dir / "a.sam", sam + "\n");
    test::run_tool({"samtools", "view", "-b", "-o", dir / "a.bam", dir / "a.sam"});
    return test::gunzip(test::read_file(dir / "a.bam"));
  };
  for (const size_t kinds : {kTagKindsMax, kTagKindsMax + 1}) {
    const Bytes plain = with(kinds);
    EXPECT_EQ(split_columns(plain, ColumnLayout::records).layout,
              kinds > kTagKindsMax ? ColumnLayout::one : ColumnLayout::records);
    comes_back(plain, ColumnLayout::records, std::to_string(kinds));
  }
}

TEST(ColdColumns, DamagedColumnsAreRefused) {
  const Bytes plain = plain_bam();
  const Columns good = split_columns(plain, ColumnLayout::records);
  EXPECT_EQ(join_columns(good, plain.size() - 1).error().code, Code::corrupt);
  EXPECT_EQ(join_columns(good, plain.size() + 1).error().code, Code::corrupt);
  EXPECT_EQ(join_columns({static_cast<ColumnLayout>(9), good.parts}, plain.size()).error().code,
            Code::corrupt);
  for (size_t i = 0; i < good.parts.size(); ++i) {
    Columns bad = good;
    bad.parts[i] += 'x';
    EXPECT_EQ(join_columns(bad, plain.size()).error().code, Code::corrupt) << "longer " << i;
    if (good.parts[i].empty()) continue;
    bad = good;
    bad.parts[i].pop_back();
    EXPECT_EQ(join_columns(bad, plain.size()).error().code, Code::corrupt) << "shorter " << i;
  }
  Columns bad = good;
  bad.parts.pop_back();
  EXPECT_EQ(join_columns(bad, plain.size()).error().code, Code::corrupt);
  const Columns lines = split_columns("a\nb\nc\nd\ne\n", ColumnLayout::fourths);
  bad = lines;
  std::swap(bad.parts[0], bad.parts[3]);
  EXPECT_EQ(join_columns(bad, 10).error().code, Code::corrupt);
}

// Any byte of a column may be anything: an error, or other bytes of the right length.
TEST(ColdColumns, NoByteOfThemIsTrusted) {
  const Bytes plain = plain_bam();
  const Columns good = split_columns(plain, ColumnLayout::records);
  std::mt19937 random(5);
  for (int i = 0; i < 3000; ++i) {
    Columns bad = good;
    Bytes& part = bad.parts[random() % bad.parts.size()];
    if (part.empty()) continue;
    part[random() % part.size()] = static_cast<char>(random());
    const auto back = join_columns(bad, plain.size());
    EXPECT_TRUE(back.has_error() || back->size() == plain.size());
  }
}

}  // namespace
}  // namespace medarc::genomics

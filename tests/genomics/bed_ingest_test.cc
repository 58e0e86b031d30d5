// BED in: bytes kept, numbers right, indexes that find what tabix' own find, damage refused.
#include <algorithm>
#include <filesystem>
#include <random>

#include "archive/hash.h"
#include "genomics/bed_walk.h"
#include "genomics/index_check.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/bed_maker.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

class BedStore : public StoreTest {
 protected:
  void expect_refused(const std::string& bytes, const std::string& reason) {
    const auto refused = upload(bytes);
    ASSERT_TRUE(refused.has_error()) << reason;
    EXPECT_EQ(refused.error().code, Code::invalid_argument) << refused.error().text;
    EXPECT_NE(refused.error().text.find(reason), std::string::npos) << refused.error().text;
    EXPECT_EQ(must(index_->stats()).files, 0u);
    EXPECT_EQ(must(index_->blobs().stats()).blobs, 0u);
  }
  static bool says(const FileRow& row, const std::string& text) {
    return row.statistics_json.find(text) != std::string::npos;
  }
  // Our index and the one that `tabix` makes find the same records.
  void expect_index(const std::string& bytes, const std::vector<std::string>& regions,
                    std::vector<std::string> tabix = {"tabix", "-p", "bed"}) {
    const FileRow row = must(upload(bytes)).file;
    const std::string ours = dir_ / "ours.bed.gz", theirs = dir_ / "theirs.bed.gz";
    test::write_file(ours, bytes);
    test::write_file(theirs, bytes);
    test::write_file(ours + "." + row.index_kind, index_of(row));
    if (row.index_kind == "csi") tabix.push_back("-C");
    tabix.push_back("-f");
    tabix.push_back(theirs);
    test::run_tool(tabix);
    for (const std::string& region : regions) {
      EXPECT_EQ(test::run_tool({"tabix", ours, region}), test::run_tool({"tabix", theirs, region}))
          << region;
    }
    EXPECT_EQ(test::run_tool({"tabix", "-l", ours}), test::run_tool({"tabix", "-l", theirs}));
    const auto verdict = must(check_index(
        row, index_of(row), test::read_file(theirs + "." + row.index_kind), store_->limits()));
    EXPECT_NE(verdict.is, IndexVerdict::Is::stale) << verdict.reason;
    std::filesystem::remove(ours + "." + row.index_kind);
  }
  static std::vector<std::string> random_regions(uint64_t seed, int count,
                                                 uint64_t bases = 200'000) {
    std::mt19937_64 random(seed);
    std::vector<std::string> out = {"chr1", "chr2", "chr1:1-1"};
    for (int i = 0; i < count; ++i) {
      const uint64_t from = 1 + random() % bases;
      out.push_back("chr1:" + std::to_string(from) + "-" + std::to_string(from + random() % 5000));
    }
    return out;
  }
};

TEST_F(BedStore, EveryWrappingComesBackByteForByte) {
  const std::string text = test::make_bed();
  const std::string wrappings[] = {text, test::gzip(text, 3), test::bgzip(text),
                                   test::bgzip_lines(text)};
  for (size_t i = 0; i < std::size(wrappings); ++i) {
    const FileRow row = must(upload(wrappings[i], {.name = "x"}, 10'007)).file;
    EXPECT_EQ(row.format, "bed");
    EXPECT_EQ(row.blob, archive::Sha256::of(wrappings[i]));
    EXPECT_EQ(content(row), wrappings[i]);
    EXPECT_EQ(says(row, "\"notSliceable\":\"notBgzf\""), i < 2);
    EXPECT_EQ(says(row, "\"sliceable\":true"), i >= 2);
    EXPECT_EQ(row.index_kind, i < 2 ? "" : "tbi");
    EXPECT_TRUE(says(row, "{\"records\":2000,\"lines\":2001,\"contigs\":3,\"columns\":6,"))
        << row.statistics_json;
    EXPECT_EQ(row.identities, must(upload(text)).file.identities) << "one content";
  }
}

TEST_F(BedStore, RecordsColumnsAndBasesAreCounted) {
  const FileRow row =
      must(upload(test::bgzip("c\t10\t20\nc\t10\t30\nc\t15\t15\nc\t40\t50\nd\t0\t7\n"
                              "d\t7\t8\n")))
          .file;
  EXPECT_TRUE(says(row, R"("columns":3,"standardColumns":3,"bases":48,"basesCovered":38,)"))
      << row.statistics_json;
  EXPECT_TRUE(says(row, R"("recordsByContig":[{"contig":"c","records":4},{"contig":"d")"));
  for (const auto& [columns, standard] :
       {std::pair(3u, "3"), std::pair(4u, "4"), std::pair(9u, "9"), std::pair(12u, "12")}) {
    const FileRow made = must(upload(test::make_bed({.columns = columns}))).file;
    EXPECT_TRUE(says(made, "\"standardColumns\":" + std::string(standard) + ","));
    EXPECT_FALSE(says(made, "departs")) << made.statistics_json;
  }
  // Where columns of its own begin is told by the record that shows it.
  const FileRow peaks = must(upload("c\t1\t9\tp1\t10\t.\t5\t1.5\nc\t2\t9\tp2\t99\t.\t0."
                                    "5\t1\nc\t3\t9\tp3\t1200\t.\t4\t1\n"))
                            .file;
  EXPECT_TRUE(says(peaks, R"("columns":8,"standardColumns":4,)")) << peaks.statistics_json;
  EXPECT_TRUE(
      says(peaks, R"("departs":{"line":3,"what":"its score is no whole number from 0 to 1000"})"));
}

TEST_F(BedStore, TheIndexFindsWhatTabixOwnIndexFinds) {
  const std::string text = test::make_bed({.seed = 5, .records = 5000, .name_bytes = 60});
  expect_index(test::bgzip(text, 8192), random_regions(11, 25));
  expect_index(test::bgzip_lines(text, 8192), random_regions(12, 25));
  expect_index(test::bgzip(test::make_bed({.columns = 12, .line_end = "\r\n"})),
               random_regions(13, 10));
  expect_index(test::bgzip(test::make_bed({.head = ""}) + "\n#end\n"), {"chr1:1-150000"});
  // What stands before the records may be no comment: readers are told to pass it over.
  expect_index(test::bgzip(test::make_bed({.head = "browser hide all\n#x\n\ntrack name=y\n"})),
               random_regions(14, 10), {"tabix", "-0", "-s1", "-b2", "-e3", "-S4"});
}

TEST_F(BedStore, AnInsertionBetweenTwoWindowsOfTheIndexIsFound) {
  const std::string bytes = test::bgzip("chr1\t16384\t16384\nchr1\t40000\t40001\n");
  test::write_file(dir_ / "x.bed.gz", bytes);
  test::write_file(dir_ / "x.bed.gz.tbi", index_of(must(upload(bytes)).file));
  for (const char* region : {"chr1", "chr1:16384-16385", "chr1:16000-17000"}) {
    EXPECT_TRUE(test::run_tool({"tabix", dir_ / "x.bed.gz", region}).starts_with("chr1\t16384\t"))
        << region;
  }
  EXPECT_EQ(test::run_tool({"tabix", dir_ / "x.bed.gz", "chr1:16385-16385"}), "");
}

TEST_F(BedStore, PositionsBeyondTbiGetACsiIndex) {
  test::BedOptions o{.records = 1500};
  o.contigs = {{"chr1", 700'000'000}, {"chr2", 10'000}};
  const std::string bytes = test::bgzip(test::make_bed(o));
  EXPECT_EQ(must(upload(bytes)).file.index_kind, "csi");
  expect_index(bytes, {"chr1", "chr2", "chr1:600000000-650000000", "chr1:1-3000000"});
  EXPECT_EQ(must(upload(test::bgzip("c\t1\t536870912\n"))).file.index_kind, "tbi");
  EXPECT_EQ(must(upload(test::bgzip("c\t1\t536870913\n"))).file.index_kind, "csi");
}

TEST_F(BedStore, WhatTabixCannotReadIsSlicedWithoutAnIndex) {
  const FileRow blanks = must(upload(test::bgzip(test::make_bed({.separator = " "})))).file;
  EXPECT_TRUE(says(blanks, R"("notIndexed":"notTabs")")) << blanks.statistics_json;
  EXPECT_TRUE(says(blanks, R"("sliceable":true)"));
  EXPECT_FALSE(blanks.index_blob);
  EXPECT_EQ(test::gunzip(slice(blanks, {})), test::make_bed({.separator = " "}));
  const std::string text = "#a\nc\t1\t9\n#b\n\nc\t2\t9\nc\t3\t4\n#end\n";
  const FileRow between = must(upload(test::bgzip(text))).file;
  EXPECT_TRUE(says(between, R"("notIndexed":"linesBetweenRecords")"));
  EXPECT_FALSE(between.index_blob);
  EXPECT_EQ(test::gunzip(slice(between, {})), text);
  EXPECT_EQ(test::gunzip(slice(between, {"c:9-9"})), "#a\nc\t1\t9\n#b\n\nc\t2\t9\n");
  EXPECT_EQ(test::gunzip(slice(between, {"c:4-4"})), text) << "the last lines go with the record";
  EXPECT_EQ(test::gunzip(slice(between, {"c:20-30"})), "#a\n");
}

TEST_F(BedStore, AFileThatIsNotSortedIsStoredWithoutRegions) {
  for (const std::string& text :
       {test::make_bed({.sorted = false}), std::string("c\t5\t6\nd\t1\t2\nc\t7\t8\n")}) {
    const FileRow row = must(upload(test::bgzip(text))).file;
    EXPECT_FALSE(row.index_blob);
    EXPECT_TRUE(says(row, "\"notSliceable\":\"notSortedByPosition\""));
    const auto refused = make_slice(must(store_->read_set(someone(), row)),
                                    {std::vector<Region>{{0, 0, 100}}, {}}, store_->limits());
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Code::unsupported);
    EXPECT_EQ(test::gunzip(slice(row, {})), text) << "whole it is given";
  }
}

TEST_F(BedStore, RecordsThatAreWrongAreRefusedByNumberAndLine) {
  const std::string first = "#made\nchr1\t5\t9\tn\t0\t+\n";
  const auto refuse = [&](const std::string& bad, const std::string& reason) {
    const std::string where = "record 2 (line 3) is damaged: " + reason;
    expect_refused(first + bad + "\n", where);
    expect_refused(first + bad, where);
    expect_refused(test::bgzip(first + bad + "\nchr1\t9\t9\tn\t0\t+\n"), where);
    expect_refused(test::gzip(first + bad + "\n"), where);
  };
  refuse("chr1", "it has 1 column,");
  refuse("chr1\t6", "it has 2 columns,");
  refuse("chr1\t6\t9\tn\t0", "it has 5 columns, those before it 6");
  refuse("chr1\t6\t9\tn\t0\t+\t6", "it has 7 columns, those before it 6");
  refuse("chr1\tx\t9\tn\t0\t+", "its start");
  refuse("chr1\t6\t-9\tn\t0\t+", "its end is");
  refuse("chr1\t6\t5\tn\t0\t+", "its end lies before its start");
  refuse("\t6\t9\tn\t0\t+", "its chromosome");
  refuse(std::string("chr1\t6\t9\t\0\t0\t+", 14), "it holds a NUL");
  expect_refused(
      "c\t0\t9\tn\t0\t+\t0\t9\t0\t2\t3,3,\t0,6,\nc\t0\t9\tn\t0\t+\t0\t9\t0\t2\t3,3,\t0,5,\n",
      "record 2 (line 2) is damaged: its last block");
  // A track has a count of columns of its own.
  EXPECT_TRUE(upload(first + "track name=b\nchr1\t6\t9\n").has_value());
}

TEST_F(BedStore, TruncatedAndCorruptFilesAreRefusedAndNothingStays) {
  const std::string text = test::make_bed({.records = 20'000});
  const std::string bytes = test::bgzip(text);
  expect_refused(test::bgzip(text, 65'280, false), "end-of-file marker is missing");
  expect_refused(bytes.substr(0, bytes.size() / 2), "truncated");
  std::string corrupt = bytes;
  corrupt[corrupt.size() / 2] ^= 0x55;
  expect_refused(corrupt, "damaged");
  const std::string gz = test::gzip(text);
  expect_refused(gz.substr(0, gz.size() / 2), "truncated");
  expect_refused("neither of them\n", "this is neither BAM, CRAM, FASTQ, FASTA, VCF, BCF nor BED");
}

TEST_F(BedStore, LimitsOnLinesAndContigsHold) {
  const std::string text = test::make_bed({.records = 500, .name_bytes = 5000});
  const auto code_with = [&](const std::string& bytes, auto change) {
    Limits limits;
    change(limits);
    open(limits);
    const auto r = upload(bytes);
    return r.has_error() ? r.error().code : Code::internal;
  };
  for (const std::string& bytes : {text, test::gzip(text), test::bgzip(text)}) {
    EXPECT_EQ(code_with(bytes, [](Limits& l) { l.line_bytes_max = 4000; }), Code::too_large);
    EXPECT_EQ(code_with(bytes, [](Limits& l) { l.references_max = 2; }), Code::too_large);
    EXPECT_EQ(code_with(bytes, [](Limits& l) { l.header_bytes_max = 3; }), Code::too_large);
  }
  EXPECT_EQ(code_with(test::bgzip(text), [](Limits& l) { l.blocks_max = 3; }), Code::too_large);
}

TEST_F(BedStore, ALongStartAndAMissingLastLineEndAreFine) {
  const std::string head = std::string("#") + std::string(90'000, 'x') + "\n";
  for (const std::string& bytes :
       {test::make_bed({.head = head}), test::bgzip(test::make_bed({.head = head})),
        test::gzip(test::make_bed({.head = head}))}) {
    EXPECT_TRUE(says(must(upload(bytes)).file, "\"records\":2000,"));
  }
  std::string text = test::make_bed();
  text.pop_back();
  const FileRow row = must(upload(test::bgzip(text))).file;
  EXPECT_TRUE(says(row, "\"records\":2000,"));
  EXPECT_EQ(test::gunzip(slice(row, {})), text);
}

}  // namespace
}  // namespace medarc::genomics

// Sorting against `samtools sort`: its order, every record byte for byte, in memory and through
// temporary files, and nothing left behind.
#include <cstdlib>
#include <sstream>

#include "genomics/bam_sort.h"
#include "tests/genomics/sam_maker.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

class SortTest : public StoreTest {
 protected:
  SortTest() { limits_.memory_bytes = 64u << 20; }

  void store(const std::string& bytes) {
    bytes_ = bytes;
    row_ = must(upload(bytes)).file;
    test::write_file(dir_ / "x.bam", bytes);
    test::run_tool({"samtools", "sort", "--no-PG", "-o", dir_ / "theirs.bam", dir_ / "x.bam"});
  }
  Result<SortedBam> sort(TemporaryRuns& runs) {
    return sort_bam(index_->blobs(), row_.blob, runs, store_->limits(), limits_, "medarc 9.8.7",
                    progress_);
  }
  Bytes read(const Digest& blob) {
    auto reader = must(index_->blobs().open(blob));
    Bytes out(reader->size(), '\0');
    must(reader->read({0, out.size()}, out.data()));
    return out;
  }
  // Sorts, writes ours.bam with its index, and compares all records.
  SortedBam expect_as_samtools() {
    TemporaryRuns runs(posix_fs(), dir_ / "temporary", UINT64_MAX);
    SortedBam made = must(sort(runs));
    EXPECT_EQ(runs.bytes(), 0u);
    must(index_->blobs().commit({{made.content, made.index, made.block_map}, ""}));
    test::write_file(dir_ / "ours.bam", read(made.content.digest));
    test::write_file(dir_ / "ours.bam.bai", read(made.index.digest));
    EXPECT_TRUE(test::runs_well({"samtools", "quickcheck", "-u", dir_ / "ours.bam"}));
    const std::string ours = test::run_tool({"samtools", "view", dir_ / "ours.bam"});
    EXPECT_TRUE(ours == test::run_tool({"samtools", "view", dir_ / "theirs.bam"}));
    EXPECT_EQ(progress_.done(), 1.0);
    EXPECT_EQ(content(row_), bytes_);
    return made;
  }
  FileRow row_;
  std::string bytes_;
  SortLimits limits_;
  SortProgress progress_;
};

TEST_F(SortTest, InMemoryAsSamtoolsSort) {
  store(test::make_bam({.seed = 31,
                        .records = 4'000,
                        .unplaced = 300,
                        .straddle = true,
                        .long_read_straddles = true,
                        .huge_cigar = true,
                        .sorted = false})
            .bytes);
  EXPECT_EQ(expect_as_samtools().runs, 0u);
}

TEST_F(SortTest, ThroughTemporaryFilesMergedInSeveralRoundsAsSamtoolsSort) {
  store(test::make_bam(
            {.seed = 32, .records = 9'000, .unplaced = 900, .straddle = true, .sorted = false})
            .bytes);
  limits_.memory_bytes = 100'000;
  limits_.runs_merged_max = 3;
  EXPECT_GT(expect_as_samtools().runs, 10u) << "more than two rounds of three";
}

TEST_F(SortTest, StrandsAndEqualPositionsAsSamtoolsSort) {
  test::SamOptions o{
      .seed = 33, .pairs = 3'000, .reference_bases = 1'000};  // many share a position
  store(test::bam_of(test::make_sam(o), dir_.path()));
  expect_as_samtools();
  limits_.memory_bytes = 60'000;
  expect_as_samtools();
}

TEST_F(SortTest, AFileSortedByNameAsSamtoolsSort) {
  test::write_file(dir_ / "in.bam", test::make_bam({.seed = 34, .records = 3'000}).bytes);
  test::run_tool({"samtools", "sort", "-n", "-o", dir_ / "byname.bam", dir_ / "in.bam"});
  store(test::read_file(dir_ / "byname.bam"));
  expect_as_samtools();
}

TEST_F(SortTest, TheHeaderSaysWhatWasDone) {
  store(test::bam_of(test::make_sam({.header = "@HD\tVN:1.5\tSO:queryname\tGO:query\n"}),
                     dir_.path()));
  expect_as_samtools();
  std::istringstream header(
      test::run_tool({"samtools", "view", "-H", "--no-PG", dir_ / "ours.bam"}));
  std::string line;
  std::getline(header, line);
  EXPECT_EQ(line, "@HD\tVN:1.5\tSO:coordinate");
  std::string last;
  while (std::getline(header, line)) last = line;
  EXPECT_EQ(last,
            "@PG\tID:medarc\tPN:medarc\tVN:9.8.7\tPP:made\tDS:sorted by coordinate; the "
            "original has sha256 " +
                row_.blob.hex());
}

TEST_F(SortTest, HeaderTextsOfEveryShape) {
  const Digest d = row_.blob;
  const std::string pg =
      "\tPN:medarc\tVN:1\tDS:sorted by coordinate; the original has sha256 " + d.hex() + "\n";
  const std::string chained =
      "\tPN:medarc\tVN:1\tPP:medarc\tDS:sorted by coordinate; the original has sha256 " + d.hex() +
      "\n";
  EXPECT_EQ(sorted_header_text("", "medarc 1", d),
            "@HD\tVN:1.6\tSO:coordinate\n@PG\tID:medarc" + pg);
  EXPECT_EQ(sorted_header_text("@SQ\tSN:a\tLN:1", "medarc 1", d),
            "@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:a\tLN:1\n@PG\tID:medarc" + pg);
  EXPECT_EQ(sorted_header_text("@HD\tVN:1.0\n@CO\t@HD\tx\n@PG\tID:medarc\n", "medarc 1", d),
            "@HD\tVN:1.0\tSO:coordinate\n@CO\t@HD\tx\n@PG\tID:medarc\n@PG\tID:medarc.1" + chained);
  EXPECT_EQ(sorted_header_text("@HD\tSO:unsorted\tVN:1.6\tSS:unsorted:x\r\n", "medarc 1", d),
            "@HD\tSO:coordinate\tVN:1.6\n@PG\tID:medarc" + pg);
}

TEST_F(SortTest, TheIndexAndTheMapAreThoseOfTheDerivative) {
  store(test::make_bam({.seed = 35, .records = 6'000, .long_deletion_every = 100, .sorted = false})
            .bytes);
  const SortedBam made = expect_as_samtools();
  const auto set =
      must(load_read_set(index_->blobs(), made.content.digest, made.block_map.digest, {}));
  EXPECT_TRUE(set->map.sorted());
  test::run_tool({"samtools", "index", dir_ / "theirs.bam"});
  for (const char* region : {"chr1:1000-5000", "chr2:70000-70001", "chr1:150000-", "*"}) {
    const std::string theirs = test::run_tool({"samtools", "view", dir_ / "theirs.bam", region});
    EXPECT_TRUE(test::run_tool({"samtools", "view", dir_ / "ours.bam", region}) == theirs)
        << region;
    Selection selection;
    selection.regions.emplace().push_back(must(parse_samtools_region(region, set->header)));
    auto slice = must(open_slice(must(make_slice(set, selection, {})),
                                 must(index_->blobs().open(made.content.digest)), {}));
    test::write_file(dir_ / "slice.bam", drain(*slice.source));
    EXPECT_TRUE(test::run_tool({"samtools", "view", dir_ / "slice.bam"}) == theirs) << region;
  }
}

TEST_F(SortTest, TemporaryBytesHaveALimitAndAreGivenBack) {
  store(test::make_bam({.seed = 36, .records = 5'000, .sorted = false}).bytes);
  limits_.memory_bytes = 100'000;
  TemporaryRuns runs(posix_fs(), dir_ / "temporary", 200'000);
  const auto made = sort(runs);
  ASSERT_TRUE(made.has_error());
  EXPECT_EQ(made.error().code, Code::exhausted);
  EXPECT_NE(made.error().text.find("sort_temporary_bytes_max"), std::string::npos);
  EXPECT_EQ(runs.bytes(), 0u);
  EXPECT_TRUE(must(posix_fs().list(dir_ / "temporary")).empty());
}

TEST_F(SortTest, WhatAKilledProcessLeftIsRemovedAndNothingElse) {
  must(posix_fs().make_dirs(dir_ / "temporary"));
  test::write_file(dir_ / "temporary/sort-1-2.tmp", "");
  test::write_file(dir_ / "temporary/other.tmp", "");
  TemporaryRuns runs(posix_fs(), dir_ / "temporary", 1);
  must(runs.clean());
  EXPECT_EQ(must(posix_fs().list(dir_ / "temporary")), std::vector<std::string>{"other.tmp"});
}

TEST_F(SortTest, AStopEndsItAtOnce) {
  store(test::make_bam({.seed = 37, .records = 2'000, .sorted = false}).bytes);
  TemporaryRuns runs(posix_fs(), dir_ / "temporary", UINT64_MAX);
  progress_.stop = true;
  const auto made = sort(runs);
  ASSERT_TRUE(made.has_error());
  EXPECT_EQ(made.error().code, Code::cancelled);
}

TEST_F(SortTest, RealFilesSortedByNameAsSamtoolsSort) {
  const char* base = std::getenv("MEDARC_SAMPLE_DATA");
  if (base == nullptr) GTEST_SKIP() << "MEDARC_SAMPLE_DATA is not set";
  const std::string reads = std::string(base) + "/genomics/reads/";
  test::run_tool({"samtools", "sort", "-n", "-o", dir_ / "byname.bam",
                  reads + "NA12878.20.21.unmapped.orig.bam"});
  store(test::read_file(dir_ / "byname.bam"));
  limits_.memory_bytes = 1'000'000;
  EXPECT_GT(expect_as_samtools().runs, 1u);
  // Sorted by name, but nothing in it has a place: that is in order of coordinate too.
  row_ = must(upload(test::read_file(reads + "picard_queryname.bam"))).file;
  EXPECT_TRUE(must(stored_map_sorted(index_->blobs(), *row_.block_map_blob)));
}

}  // namespace
}  // namespace medarc::genomics

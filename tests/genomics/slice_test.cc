// Slices against samtools: exactly its records, always a valid file, no byte more than needed.
#include <cstdlib>
#include <random>

#include "genomics/bgzf.h"
#include "tests/genomics/store_fixture.h"

namespace medarc::genomics {
namespace {

class SliceTest : public StoreTest {
 protected:
  void store(const std::string& bytes) {
    row_ = must(upload(bytes)).file;
    test::write_file(dir_ / "x.bam", bytes);
    test::run_tool({"samtools", "index", dir_ / "x.bam"});
  }
  void expect_equal(const std::vector<std::string>& regions, bool merged = false) {
    test::write_file(dir_ / "slice.bam", slice(row_, regions));
    EXPECT_TRUE(test::runs_well({"samtools", "quickcheck", "-u", dir_ / "slice.bam"}))
        << regions[0];
    std::vector<std::string> words = {"samtools", "view"};
    if (merged) words.push_back("-M");
    words.push_back(dir_ / "x.bam");
    words.insert(words.end(), regions.begin(), regions.end());
    const std::string ours = test::run_tool({"samtools", "view", dir_ / "slice.bam"});
    const std::string theirs = test::run_tool(words);
    EXPECT_TRUE(ours == theirs) << regions[0] << ": " << ours.size() << " against "
                                << theirs.size();
  }
  void expect_random_regions(int count, uint64_t seed, uint64_t bases) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < count; ++i) {
      const uint64_t from = 1 + random() % bases;
      static constexpr uint64_t kSpans[] = {1, 100, 2'000, 30'000};
      const uint64_t span = kSpans[random() % 4];
      const char* name = i % 4 == 3 ? "chr2" : "chr1";
      expect_equal({std::string(name) + ":" + std::to_string(from) + "-" +
                    std::to_string(from + random() % span)});
      if (HasFailure()) return;
    }
  }
  FileRow row_;
};

TEST_F(SliceTest, H16H30RandomRegionsOfAlignedBlocksEqualSamtools) {
  test::BamOptions o{.seed = 21, .records = 12'000, .long_deletion_every = 200};
  o.block_plain_bytes = 16'384;
  store(test::make_bam(o).bytes);
  expect_random_regions(100, 1, 200'000);
}

TEST_F(SliceTest, H16H30RandomRegionsOfStraddlingBlocksEqualSamtools) {
  test::BamOptions o{.seed = 22,
                     .records = 12'000,
                     .straddle = true,
                     .long_deletion_every = 200,
                     .long_read_straddles = true,
                     .huge_cigar = true};
  o.block_plain_bytes = 16'384;
  store(test::make_bam(o).bytes);
  expect_random_regions(100, 2, 200'000);
}

TEST_F(SliceTest, WholeReferencesUnplacedAndEverything) {
  for (const bool straddle : {false, true}) {
    store(test::make_bam({.records = 8'000, .unplaced = 900, .straddle = straddle}).bytes);
    for (const char* region : {"chr1", "chr2", "HLA:DRB1*1", "*", "{HLA:DRB1*1}:10-20"})
      expect_equal({region});
    test::write_file(dir_ / "slice.bam", slice(row_, {}));
    EXPECT_EQ(test::run_tool({"samtools", "view", "--no-PG", "-h", dir_ / "slice.bam"}),
              test::run_tool({"samtools", "view", "--no-PG", "-h", dir_ / "x.bam"}));
  }
}

TEST_F(SliceTest, H20SeveralRegionsGiveEachRecordOnceInFileOrder) {
  test::BamOptions o{.seed = 5, .records = 9'000, .straddle = true, .long_deletion_every = 100};
  o.block_plain_bytes = 8'192;
  store(test::make_bam(o).bytes);
  expect_equal({"chr2:5000-6000", "chr1:100-2000", "chr1:1500-9000", "chr1:150000-150100"}, true);
  expect_equal({"chr1:100-200", "chr1:300-400", "chr1:500-600", "chr1:120000-120001"}, true);
}

TEST_F(SliceTest, H16AnEmptyAnswerIsStillAWholeFile) {
  test::BamOptions o{.records = 50};
  o.references = {{"chr1", 10'000'000}};
  store(test::make_bam(o).bytes);
  const Bytes empty = slice(row_, {"chr1:9999999-9999999"});
  EXPECT_TRUE(empty.ends_with(kBgzfEof));
  test::write_file(dir_ / "e.bam", empty);
  EXPECT_TRUE(test::runs_well({"samtools", "quickcheck", dir_ / "e.bam"}));
  EXPECT_EQ(test::run_tool({"samtools", "view", dir_ / "e.bam"}), "");
}

TEST_F(SliceTest, BlocksInsideAreSentAsTheyAre) {
  test::BamOptions o{.seed = 8, .records = 40'000};
  o.references = {{"chr1", 1'000'000}};
  for (const bool straddle : {false, true}) {
    o.straddle = straddle;
    const auto made = test::make_bam(o);
    store(made.bytes);
    slice(row_, {"chr1:100000-900000"});
    EXPECT_GT(last_plan_.verbatim_bytes, made.bytes.size() * 3 / 4);
    EXPECT_LE(last_plan_.recode_plain_bytes, 6u * 65'536u);
    slice(row_, {"chr1:500000-500001"});
    EXPECT_LE(last_plan_.recode_plain_bytes, 4u * 65'536u) << "one position is a few blocks";
  }
}

TEST_F(SliceTest, APlanTooLargeToCodeAheadIsStreamed) {
  Limits limits;
  limits.recode_eager_bytes_max = 1;
  open(limits);
  store(test::make_bam({.straddle = true}).bytes);
  expect_equal({"chr1:1000-90000"});
}

TEST_F(SliceTest, H15FieldsAndTagsLeftOutStayValid) {
  store(test::make_bam({.records = 3'000, .straddle = true, .huge_cigar = true}).bytes);
  RecordMask mask;
  mask.fields = 1u << static_cast<int>(Field::qname) | 1u << static_cast<int>(Field::flag) |
                1u << static_cast<int>(Field::qual);
  mask.tags.emplace();
  test::write_file(dir_ / "m.bam", slice(row_, {}, mask));
  const std::string ours = test::run_tool({"samtools", "view", dir_ / "m.bam"});
  std::string expected;
  std::istringstream theirs(test::run_tool({"samtools", "view", dir_ / "x.bam"}));
  for (std::string line; std::getline(theirs, line);) {
    const size_t name = line.find('\t'), flag = line.find('\t', name + 1);
    expected += line.substr(0, flag) + "\t*\t0\t255\t*\t*\t0\t0\t*\t*\n";
  }
  EXPECT_TRUE(ours == expected) << ours.substr(0, 300) << "\n" << expected.substr(0, 300);

  RecordMask no_nm;
  no_nm.notags = {"NM"};
  test::write_file(dir_ / "n.bam", slice(row_, {"chr1:5000-9000"}, no_nm));
  const std::string stripped = test::run_tool({"samtools", "view", dir_ / "n.bam"});
  EXPECT_EQ(stripped,
            test::run_tool({"samtools", "view", "-x", "NM", dir_ / "x.bam", "chr1:5000-9000"}));
  EXPECT_EQ(stripped.find("NM:i"), std::string::npos);
}

// Real files, when they are there.
class SampleData : public SliceTest {
 protected:
  void SetUp() override {
    const char* base = std::getenv("MEDARC_SAMPLE_DATA");
    if (base == nullptr) GTEST_SKIP() << "MEDARC_SAMPLE_DATA is not set";
    base_ = std::string(base) + "/genomics/";
  }
  std::string base_;
};

TEST_F(SampleData, RealFilesGiveTheRecordsOfSamtools) {
  struct Case {
    std::string file;
    std::vector<std::string> regions;
  };
  for (const Case& c :
       {Case{"reads/htsnexus_test_NA12878.bam",
             {"11:5015001-5050000", "11:5015001-5015100", "11", "20", "*", "11:4900000-4990000"}},
        Case{"reads/NA12878.20.21.unmapped.orig.bam",
             {"21:10001823-10001994", "20:10003262-10003484", "20", "21", "*"}},
        Case{"reads/HG002_chr11_119076212_119102218_2.bam",
             {"chr11:119080000-119081000", "chr11:119076300-119076400", "chr11"}}}) {
    store(test::read_file(base_ + c.file));
    EXPECT_EQ(content(row_), test::read_file(base_ + c.file));
    for (const std::string& region : c.regions) expect_equal({region});
  }
}

TEST_F(SampleData, DamagedFilesAreRefusedAndGoodOnesStored) {
  for (const char* bad : {"1.quickcheck.badeof.bam", "2.quickcheck.badheader.bam"}) {
    const auto refused = upload(test::read_file(base_ + "damaged/" + bad));
    ASSERT_TRUE(refused.has_error()) << bad;
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
  }
  for (const char* good : {"3.quickcheck.ok.bam", "4.quickcheck.ok.bam"}) {
    EXPECT_TRUE(upload(test::read_file(base_ + "damaged/" + good)).has_value()) << good;
  }
  const auto no_targets =
      must(upload(test::read_file(base_ + "damaged/10.quickcheck.notargets.bam")));
  EXPECT_FALSE(no_targets.file.index_blob);
  const auto query_sorted = must(upload(test::read_file(base_ + "reads/picard_queryname.bam")));
  EXPECT_FALSE(query_sorted.file.index_blob);
  for (const char* fastq : {"clock_10K_R1.fastq.gz", "SRR24766921_RRBS_R2.fastq.gz",
                            "5k-30BB2AAXX.3.aligned.sam.fastq"}) {
    EXPECT_TRUE(upload(test::read_file(base_ + "fastq/" + fastq)).has_value()) << fastq;
  }
  for (const char* good : {"6.quickcheck.cram21.ok.cram", "7.quickcheck.cram30.ok.cram"}) {
    EXPECT_EQ(must(upload(test::read_file(base_ + "damaged/" + good))).file.format, "cram") << good;
  }
  for (const char* bad :
       {"8.quickcheck.cram21.truncated.cram", "9.quickcheck.cram30.truncated.cram"}) {
    const auto refused = upload(test::read_file(base_ + "damaged/" + bad));
    ASSERT_TRUE(refused.has_error()) << bad;
    EXPECT_EQ(refused.error().code, Code::invalid_argument) << bad;
  }
}

TEST_F(SliceTest, MapsOverTheCachesBytesAreForgottenTheNewestStays) {
  const FileRow one = must(upload(test::make_bam({.seed = 1}).bytes)).file;
  const FileRow two = must(upload(test::make_bam({.seed = 2}).bytes)).file;
  for (const uint64_t bytes : {Limits{}.map_cache_bytes, uint64_t{1}}) {
    Limits limits;
    limits.map_cache_bytes = bytes;
    ReadSetCache cache(index_->blobs(), limits);
    const auto find = [&](const FileRow& row) {
      return must(cache.find(row.blob, *row.block_map_blob));
    };
    const std::weak_ptr<const ReadSet> first = find(one);
    EXPECT_EQ(find(one), first.lock());
    (void)find(two);
    EXPECT_EQ(first.expired(), bytes == 1);
  }
}

}  // namespace
}  // namespace medarc::genomics

// Slices of VCF and BCF against bcftools: exactly its records, always a valid file, no byte more
// than needed; and what is reported of slices of every format.
#include <random>

#include "genomics/bgzf.h"
#include "genomics/slice_report.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

class VariantSliceTest : public StoreTest {
 protected:
  void store(const std::string& bytes) {
    row_ = must(upload(bytes)).file;
    bytes_ = bytes.size();
    const std::string suffix = row_.format == "bcf" ? "bcf" : "vcf.gz";
    original_ = dir_ / ("x." + suffix);
    sliced_ = dir_ / ("slice." + suffix);
    test::write_file(original_, bytes);
    test::run_tool({"bcftools", "index", "-f", original_});
  }
  std::string view(std::vector<std::string> more) {
    more.insert(more.begin(), {"bcftools", "view", "--no-version"});
    return test::run_tool(more);
  }
  // bcftools gives contigs in the order asked for, we in that of the file.
  void expect_equal(const std::string& regions, std::string in_file_order = "") {
    if (in_file_order.empty()) in_file_order = regions;
    std::vector<std::string> each;
    for (size_t at = 0; at <= regions.size();) {
      const size_t end = std::min(regions.find(',', at), regions.size());
      each.push_back(regions.substr(at, end - at));
      at = end + 1;
    }
    const Bytes bytes = slice(row_, each);
    EXPECT_TRUE(bytes.ends_with(kBgzfEof));
    test::write_file(sliced_, bytes);
    const std::string ours = view({"-H", sliced_}),
                      theirs = view({"-H", "-r", in_file_order, original_});
    EXPECT_TRUE(ours == theirs) << regions << ": " << ours.size() << " against " << theirs.size();
  }
  void expect_random_regions(int count, uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < count; ++i) {
      const uint64_t from = 1 + random() % 200'000;
      static constexpr uint64_t kSpans[] = {1, 100, 2'000, 30'000};
      expect_equal(std::string(i % 4 == 3 ? "chr2" : "chr1") + ":" + std::to_string(from) + "-" +
                   std::to_string(from + random() % kSpans[random() % 4]));
      if (HasFailure()) return;
    }
  }
  SliceReport report(const FileRow& row, const std::vector<std::string>& regions) {
    auto set = must(store_->read_set(someone(), row));
    Selection selection;
    if (!regions.empty()) selection.regions.emplace();
    for (const std::string& r : regions) {
      selection.regions->push_back(must(parse_samtools_region(r, set->header)));
    }
    const Slice made = must(make_slice(set, selection, store_->limits()));
    return must(report_slice(made, *must(store_->open_admitted(row.blob)), store_->limits()));
  }
  FileRow row_;
  uint64_t bytes_ = 0;
  std::string original_, sliced_;
};

TEST_F(VariantSliceTest, H16H30RandomRegionsOfStraddlingLinesEqualBcftools) {
  store(test::bgzip(test::make_vcf({.seed = 21, .records = 9'000, .info_bytes = 40}), 16'384));
  expect_random_regions(40, 1);
}

TEST_F(VariantSliceTest, H16H30RandomRegionsOfBlocksThatEndWithLinesEqualBcftools) {
  store(
      test::bgzip_lines(test::make_vcf({.seed = 22, .records = 9'000, .info_bytes = 40}), 16'384));
  expect_random_regions(40, 2);
}

TEST_F(VariantSliceTest, H16H30RandomRegionsOfBcfEqualBcftools) {
  const std::string bcf =
      test::to_bcf(test::make_vcf({.seed = 23, .records = 9'000, .info_bytes = 40}), dir_.path());
  store(bcf);
  expect_random_regions(20, 3);
  store(test::bgzip(test::gunzip(bcf), 16'384));
  expect_random_regions(20, 4);
}

TEST_F(VariantSliceTest, AnEndThatIsNotDeclaredDoesNotCount) {
  store(
      test::bgzip(test::make_vcf({.seed = 24, .declare_end = false, .long_end_every = 20}), 8'192));
  expect_random_regions(20, 5);
}

TEST_F(VariantSliceTest, WholeContigsAndEverythingWithTheHeaderAsItIs) {
  test::VcfOptions o{.seed = 25, .contigs_backwards = true, .info_bytes = 30};
  for (const bool declared : {true, false}) {
    o.declare_contigs = declared;
    const std::string text = test::make_vcf(o);
    store(test::bgzip(text, 8'192));
    for (const char* regions : {"chr1", "chr2", "chr2:1-100,chr1:900-90000", "chr2,chr1"})
      expect_equal(regions);
    EXPECT_EQ(test::gunzip(slice(row_, {})), text);
    EXPECT_TRUE(test::gunzip(slice(row_, {"chr1:1-1"}))
                    .starts_with(text.substr(0, text.find('\n', text.find("#CHROM")) + 1)));
  }
}

TEST_F(VariantSliceTest, H20SeveralRegionsGiveEachRecordOnceInFileOrder) {
  store(test::bgzip(test::make_vcf({.seed = 26, .records = 6'000, .long_end_every = 30}), 8'192));
  expect_equal("chr2:5000-6000,chr1:100-2000,chr1:1500-9000,chr1:150000-150100",
               "chr1:100-9000,chr1:150000-150100,chr2:5000-6000");
  expect_equal("chr1:100-200,chr1:300-400,chr1:500-600,chr1:120000-120001");
}

TEST_F(VariantSliceTest, H10VariantsHaveNoUnplacedRecords) {
  store(test::bgzip(test::make_vcf()));
  auto set = must(store_->read_set(someone(), row_));
  const auto refused = make_slice(set, {std::vector<Region>{Region{}}, {}}, store_->limits());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Code::not_found);
}

TEST_F(VariantSliceTest, ARecordBeforeTheFirstBaseIsFoundUnderIt) {
  std::string text = test::make_vcf({.records = 0, .samples = {}});
  text +=
      "chr1\t0\ttelomere\tN\tT\t.\t.\t.\nchr1\t1\tfirst\tA\tT\t.\t.\t.\nchr1\t2\tsecond\tA\tT\t.\t."
      "\t.\n";
  store(test::bgzip(text));
  const Bytes found = test::gunzip(slice(row_, {"chr1:1-1"}));
  EXPECT_NE(found.find("telomere"), Bytes::npos);
  EXPECT_NE(found.find("first"), Bytes::npos);
  EXPECT_EQ(found.find("second"), Bytes::npos);
}

TEST_F(VariantSliceTest, APlanTooLargeToCodeAheadIsStreamed) {
  Limits limits;
  limits.recode_eager_bytes_max = 1;
  open(limits);
  store(test::bgzip(test::make_vcf({.seed = 27, .records = 6'000}), 8'192));
  expect_equal("chr1:5000-150000");
}

TEST_F(VariantSliceTest, H30WhatIsReportedOfASliceIsTrueAndNearTheFloor) {
  std::mt19937_64 random(5);
  const std::string text = test::make_vcf({.seed = 28, .records = 30'000, .info_bytes = 60});
  test::BamOptions o{.seed = 29, .records = 12'000, .straddle = true, .long_deletion_every = 300};
  const std::string files[] = {test::bgzip(text), test::bgzip_lines(text),
                               test::to_bcf(text, dir_.path()), test::make_bam(o).bytes};
  for (const std::string& bytes : files) {
    const FileRow row = must(upload(bytes)).file;
    for (int i = 0; i < 12; ++i) {
      const uint64_t from = 1 + random() % 190'000;
      const std::string region =
          "chr1:" + std::to_string(from) + "-" + std::to_string(from + random() % 40'000);
      const SliceReport r = report(row, {region});
      const Bytes sliced = slice(row, {region});
      EXPECT_EQ(r.header_bytes + r.body_bytes() + kBgzfEof.size(), sliced.size()) << region;
      const std::string name = dir_ / ("r." + (row.format == "vcf" ? "vcf.gz" : row.format));
      test::write_file(name, sliced);
      const std::string records =
          row.format == "bam" ? test::run_tool({"samtools", "view", name}) : view({"-H", name});
      EXPECT_EQ(r.records_sent,
                static_cast<uint64_t>(std::count(records.begin(), records.end(), '\n')))
          << region;
      EXPECT_LE(r.ratio(), 1.05) << row.format << " " << region;
      EXPECT_EQ(r.floor_bytes == 0, r.records_sent == 0);
    }
    const SliceReport all = report(row, {});
    EXPECT_EQ(all.records_withheld, 0u);
    EXPECT_LE(all.ratio(), 1.05);
  }
}

TEST_F(VariantSliceTest, H25RunsOfBlocksAreCutSoThatNoLinkStandsForTooMuch) {
  store(test::bgzip(test::make_vcf({.seed = 30, .records = 9'000}), 8'192));
  PlanOptions options;
  options.piece_verbatim_bytes_max = 10'000;
  const Slice made =
      must(make_slice(must(store_->read_set(someone(), row_)), {}, store_->limits(), options));
  EXPECT_GT(made.plan.pieces.size(), 5u);
  for (const Piece& piece : made.plan.pieces) EXPECT_LT(piece.verbatim.length, 10'000u + 8'192u);
}

TEST_F(VariantSliceTest, TheBlockMapKnowsContigsThatTheHeaderDoesNot) {
  store(test::bgzip(test::make_vcf({.declare_contigs = false})));
  const auto set = must(store_->read_set(someone(), row_));
  EXPECT_EQ(set->map.more_contigs(), (std::vector<std::string>{"chr1", "chr2", "HLA:DRB1*1"}));
}

}  // namespace
}  // namespace medarc::genomics

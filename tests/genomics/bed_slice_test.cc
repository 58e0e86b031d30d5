// Slices of BED against tabix: what stands before the records, then exactly those that tabix gives,
// whatever the blocks are; as a file, as lines and as JSON.
#include <random>

#include "genomics/bed_text.h"
#include "genomics/bgzf.h"
#include "genomics/slice_report.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/bed_maker.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

class BedSliceTest : public StoreTest {
 protected:
  void store(const std::string& bytes) {
    row_ = must(upload(bytes)).file;
    original_ = dir_ / "x.bed.gz";
    test::write_file(original_, bytes);
    test::run_tool({"tabix", "-f", "-p", "bed", original_});
  }
  std::string text(const std::vector<std::string>& regions, BedForm form, bool with_header = true) {
    auto set = must(store_->read_set(someone(), row_));
    Selection selection;
    selection.regions.emplace();
    for (const std::string& r : regions) {
      selection.regions->push_back(must(parse_samtools_region(r, set->header)));
    }
    auto opened = must(
        BedText::open(set, selection, store_->limits(), must(store_->open_admitted(row_.blob))));
    return drain(*std::move(opened).source(form, with_header), 1'000);
  }
  void expect_equal(const std::string& region) {
    const Bytes bytes = slice(row_, {region});
    EXPECT_TRUE(bytes.ends_with(kBgzfEof));
    const std::string theirs = test::run_tool({"tabix", original_, region});
    EXPECT_EQ(test::gunzip(bytes), "#made\n" + theirs) << region;
    EXPECT_EQ(text({region}, BedForm::lines), "#made\n" + theirs) << region;
    EXPECT_EQ(text({region}, BedForm::lines, false), theirs) << region;
  }
  void expect_random_regions(int count, uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < count; ++i) {
      const uint64_t from = 1 + random() % 200'000;
      static constexpr uint64_t kSpans[] = {1, 2, 100, 2'000, 30'000};
      expect_equal(std::string(i % 4 == 3 ? "chr2" : "chr1") + ":" + std::to_string(from) + "-" +
                   std::to_string(from + random() % kSpans[random() % 5]));
      if (HasFailure()) return;
    }
  }
  FileRow row_;
  std::string original_;
};

TEST_F(BedSliceTest, RandomRegionsOfStraddlingLinesEqualTabix) {
  store(test::bgzip(test::make_bed({.seed = 21, .records = 9'000, .name_bytes = 40}), 16'384));
  expect_random_regions(60, 1);
}

TEST_F(BedSliceTest, RandomRegionsOfBlocksThatEndWithLinesEqualTabix) {
  store(
      test::bgzip_lines(test::make_bed({.seed = 22, .records = 9'000, .name_bytes = 40}), 16'384));
  expect_random_regions(60, 2);
}

TEST_F(BedSliceTest, ShortLinesAndMostlyInsertionsEqualTabix) {
  store(test::bgzip(
      test::make_bed({.seed = 23, .records = 20'000, .columns = 3, .insertion_every = 2}), 4'096));
  expect_random_regions(60, 3);
}

TEST_F(BedSliceTest, WholeContigsEqualTabix) {
  store(test::bgzip(test::make_bed({.seed = 24, .columns = 12})));
  expect_equal("chr1");
  expect_equal("chr2");
}

TEST_F(BedSliceTest, SeveralRegionsGiveEachRecordOnceInFileOrder) {
  store(test::bgzip(test::make_bed({.seed = 25, .records = 6'000}), 8'192));
  const auto theirs = [&](const std::string& region) {
    return test::run_tool({"tabix", original_, region});
  };
  EXPECT_EQ(test::gunzip(slice(row_, {"chr2:5000-6000", "chr1:100-2000", "chr1:1500-9000"})),
            "#made\n" + theirs("chr1:100-9000") + theirs("chr2:5000-6000"));
}

TEST_F(BedSliceTest, WithoutAStartOrRecordsItIsStillAFile) {
  store(test::bgzip("chr1\t100\t200\n"));
  EXPECT_EQ(slice(row_, {"chr1:1-50"}), kBgzfEof);
  EXPECT_EQ(text({"chr1:1-50"}, BedForm::json), "[]\n");
  EXPECT_EQ(test::gunzip(slice(row_, {"chr1:150-150"})), "chr1\t100\t200\n");
  auto set = must(store_->read_set(someone(), row_));
  const auto refused = make_slice(set, {std::vector<Region>{Region{}}, {}}, store_->limits());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().text, "region: features all have a place");
}

TEST_F(BedSliceTest, JsonHasEachRecordWithItsColumns) {
  store(test::bgzip(
      "#made\nchr1\t100\t200\ta \"b\"\t0\nchr1\t150\t150\t\t7\nchr1\t300\t400\tc\t1\n"));
  const std::string one = R"({"chrom":"chr1","start":100,"end":200,"columns":["a \"b\"","0"]})",
                    two = R"({"chrom":"chr1","start":150,"end":150,"columns":["","7"]})";
  EXPECT_EQ(text({"chr1:1-250"}, BedForm::json), "[" + one + ",\n" + two + "]\n");
  EXPECT_EQ(text({"chr1:1-250"}, BedForm::ndjson), one + "\n" + two + "\n");
}

TEST_F(BedSliceTest, H30WhatIsReportedOfASliceIsTrueAndNearTheFloor) {
  std::mt19937_64 random(5);
  store(test::bgzip(test::make_bed({.seed = 28, .records = 30'000, .name_bytes = 30})));
  for (int i = 0; i < 12; ++i) {
    const uint64_t from = 1 + random() % 190'000;
    const std::string region =
        "chr1:" + std::to_string(from) + "-" + std::to_string(from + random() % 40'000);
    auto set = must(store_->read_set(someone(), row_));
    const Slice made =
        must(make_slice(set, {std::vector{must(parse_samtools_region(region, set->header))}, {}},
                        store_->limits()));
    const SliceReport r =
        must(report_slice(made, *must(store_->open_admitted(row_.blob)), store_->limits()));
    EXPECT_EQ(r.header_bytes + r.body_bytes() + kBgzfEof.size(), slice(row_, {region}).size());
    const std::string records = test::run_tool({"tabix", original_, region});
    EXPECT_EQ(r.records_sent,
              static_cast<uint64_t>(std::count(records.begin(), records.end(), '\n')))
        << region;
    EXPECT_LE(r.ratio(), 1.05) << region;
  }
}

TEST_F(BedSliceTest, TheBlockMapKnowsTheHeaderAndEveryContig) {
  store(test::bgzip(test::make_bed()));
  const auto set = must(store_->read_set(someone(), row_));
  EXPECT_EQ(set->form.kind, RecordForm::Kind::bed);
  EXPECT_EQ(set->header.text, "#made\n");
  EXPECT_EQ(set->map.more_contigs(), (std::vector<std::string>{"chr1", "chr2", "HLA:DRB1*1"}));
}

}  // namespace
}  // namespace medarc::genomics

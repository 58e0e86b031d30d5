// Indexes of others: samtools', bcftools', tabix' and those of other files, against ours.
#include "genomics/index_check.h"

#include "genomics/region_index.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

using Is = IndexVerdict::Is;

class IndexCheckTest : public StoreTest {
 protected:
  // What a tool makes of `bytes`, written as `name`.
  std::string made(const std::string& bytes, const std::string& name,
                   std::vector<std::string> words, const std::string& ending) {
    test::write_file(dir_ / name, bytes);
    words.push_back(dir_ / name);
    test::run_tool(words);
    return test::read_file(dir_ / (name + ending));
  }
  IndexVerdict check(const FileRow& row, const std::string& theirs) {
    return must(check_index(row, index_of(row), theirs, Limits{}));
  }
  static test::BamOptions bam(uint64_t seed) { return {.seed = seed, .records = 4'000}; }
};

TEST_F(IndexCheckTest, WhatSamtoolsMakesOfABamFindsEverything) {
  const std::string bytes = test::make_bam(bam(1)).bytes;
  const FileRow row = must(upload(bytes)).file;
  EXPECT_EQ(check(row, index_of(row)).is, Is::same);
  const auto bai = check(row, made(bytes, "x.bam", {"samtools", "index"}, ".bai"));
  EXPECT_NE(bai.is, Is::stale) << bai.reason;
  EXPECT_EQ(bai.kind, "bai");
  for (const char* shift : {"14", "12", "17"}) {
    const auto csi = check(row, made(bytes, "x.bam", {"samtools", "index", "-m", shift}, ".csi"));
    EXPECT_EQ(csi.is, Is::usable) << shift << csi.reason;
    EXPECT_EQ(csi.kind, "csi");
  }
}

TEST_F(IndexCheckTest, TheIndexOfAnotherVersionIsStale) {
  const std::string bytes = test::make_bam(bam(1)).bytes;
  const FileRow row = must(upload(bytes)).file;
  const std::vector<std::string> index = {"samtools", "index"};
  // Other reads; the same reads in other blocks; fewer sequences; a longer file.
  for (const std::string& other :
       {test::make_bam(bam(2)).bytes, test::bgzip(test::gunzip(bytes), 3'000),
        test::make_bam({.seed = 1, .records = 4'000, .references = {{"chr1", 200'000}}}).bytes,
        test::make_bam({.seed = 1, .records = 40'000}).bytes}) {
    const auto verdict = check(row, made(other, "y.bam", index, ".bai"));
    EXPECT_EQ(verdict.is, Is::stale);
    EXPECT_FALSE(verdict.reason.empty());
  }
}

TEST_F(IndexCheckTest, AnOffsetThatHidesRecordsIsFound) {
  const FileRow row = must(upload(test::make_bam(bam(1)).bytes)).file;
  const std::string own = index_of(row);
  const RegionIndex read = must(read_region_index(own, UINT64_MAX));
  ASSERT_GT(read.references.at(0).windows.size(), 3u);
  // The linear index of the first sequence follows its bins.
  uint64_t at = 8 + 4;
  for (const auto& bin : read.references[0].bins) at += 8 + 16 * bin.chunks.size();
  at += 8 + 32 + 4;  // the pseudo-bin, and the count of windows
  std::string changed = own;
  changed[at + 8 * 3 + 3] = static_cast<char>(changed[at + 8 * 3 + 3] + 1);
  const auto verdict = check(row, changed);
  EXPECT_EQ(verdict.is, Is::stale);
  EXPECT_NE(verdict.reason.find("passed over"), std::string::npos) << verdict.reason;
}

TEST_F(IndexCheckTest, VariantsByNameAndByOrder) {
  const std::string text = test::make_vcf({.seed = 3, .records = 3'000});
  const std::string vcf = test::bgzip(text, 8'192), bcf = test::to_bcf(text, dir_.path());
  const FileRow lines = must(upload(vcf)).file, binary = must(upload(bcf)).file;
  const auto tbi = check(lines, made(vcf, "x.vcf.gz", {"bcftools", "index", "-t"}, ".tbi"));
  EXPECT_NE(tbi.is, Is::stale) << tbi.reason;
  const auto csi = check(lines, made(vcf, "x.vcf.gz", {"bcftools", "index", "-c"}, ".csi"));
  EXPECT_EQ(csi.is, Is::usable) << csi.reason;
  const auto own = check(binary, made(bcf, "x.bcf", {"bcftools", "index"}, ".csi"));
  EXPECT_NE(own.is, Is::stale) << own.reason;
  const std::string other = test::bgzip(test::make_vcf({.seed = 4, .records = 3'000}), 8'192);
  EXPECT_EQ(check(lines, made(other, "y.vcf.gz", {"bcftools", "index", "-t"}, ".tbi")).is,
            Is::stale);
}

TEST_F(IndexCheckTest, WhatIsNoIndexOrDamagedIsRefused) {
  const std::string bytes = test::make_bam(bam(1)).bytes;
  const FileRow row = must(upload(bytes)).file;
  const std::string bai = index_of(row);
  const std::string csi = made(bytes, "x.bam", {"samtools", "index", "-c"}, ".csi");
  const auto code = [&](const std::string& theirs, const Limits& limits = {}) {
    const auto checked = check_index(row, bai, theirs, limits);
    return checked.has_error() ? checked.error().code : Code::internal;
  };
  EXPECT_EQ(code(""), Code::invalid_argument);
  EXPECT_EQ(code("BAI\2" + bai.substr(4)), Code::invalid_argument);
  EXPECT_EQ(code(bytes), Code::invalid_argument);
  for (size_t n = 4; n + 8 < bai.size(); n += 1 + n / 7) {  // the last 8 may be left out
    EXPECT_EQ(code(bai.substr(0, n)), Code::invalid_argument) << n;
  }
  EXPECT_EQ(code(csi.substr(0, csi.size() / 2)), Code::invalid_argument);
  Limits small;
  small.index_bytes_max = 100;
  EXPECT_EQ(code(csi, small), Code::too_large);
}

}  // namespace
}  // namespace medarc::genomics

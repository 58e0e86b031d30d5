// /genomics/files/{id}/variants: variants by region and by what they say, with bcftools as the
// judge; and the limits of this door that count.
#include "tests/support/variant_maker.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

class VariantsTest : public GenomeTest {
 protected:
  VariantsTest() {
    vcf_ =
        test::bgzip(test::make_vcf({.seed = 9, .records = 2'000, .samples = {"S1", "S2"}}), 8'192);
    test::write_file(dir_ / "x.vcf.gz", vcf_);
    test::run_tool({"bcftools", "index", dir_ / "x.vcf.gz"});
  }
  void begin(GenomicsOptions options = {}) {
    serve(options);
    upload("calls", vcf_);
  }
  HttpAnswer ask(const std::string& parameters) {
    return get("/genomics/files/calls/variants?" + parameters);
  }
  static json::object page(const HttpAnswer& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body).as_object();
  }
  size_t lines(std::vector<std::string> words) {
    words.insert(words.begin(), {"bcftools", "view", "-H", "-I"});
    words.push_back(dir_ / "x.vcf.gz");
    const std::string text = test::run_tool(words);
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  std::string vcf_;
};

TEST_F(VariantsTest, TheyAreFoundByRegionAndByWhatTheySay) {
  begin();
  const auto all = page(ask("region=chr1"));
  EXPECT_EQ(all.at("variants").as_array().size(), lines({"-r", "chr1"}));
  EXPECT_EQ(all.at("more"), false);
  const auto snps = page(ask("region=chr1&type=snv"));
  EXPECT_EQ(snps.at("variants").as_array().size(), lines({"-r", "chr1", "-v", "snps"}));
  const auto good = page(ask("filter=" + percent_encode("QUAL>30")));
  EXPECT_EQ(good.at("variants").as_array().size(), lines({"-i", "QUAL>30"}));
  const auto het = page(ask("region=chr1&sample=S2&genotype=het"));
  ASSERT_FALSE(het.at("variants").as_array().empty());
  EXPECT_EQ(het.at("variants").as_array().size(), lines({"-r", "chr1", "-i", "GT[1]=\"het\""}));
  const auto text = ask("region=chr1&format=vcf");
  EXPECT_EQ(text.header("Content-Type"), "application/vnd.ga4gh.vcf");
  EXPECT_TRUE(text.body.starts_with("##fileformat="));
}

TEST_F(VariantsTest, WhatIsNotUnderstoodIsRefused) {
  begin();
  for (const char* wrong : {"genotype=perhaps", "limit=0", "limit=x", "regoin=chr1",
                            "region=chr1:x", "type=large", "filter=QUAL%3E%3E"}) {
    EXPECT_EQ(ask(wrong).status, 400) << wrong;
  }
  EXPECT_EQ(ask("format=bam").status, 501);
  EXPECT_EQ(ask("region=chrX").status, 404);
  EXPECT_EQ(ask("sample=nobody").status, 404);
  EXPECT_EQ(get("/genomics/files/nothing/variants").status, 404);
}

TEST_F(VariantsTest, AnAnswerThatWasCutSaysSo) {
  GenomicsOptions options;
  options.variants_max = 5;
  begin(options);
  for (const char* parameters : {"region=chr1", "region=chr1&limit=1000"}) {
    const auto cut = page(ask(parameters));
    EXPECT_EQ(cut.at("variants").as_array().size(), 5u);
    EXPECT_EQ(cut.at("more"), true);
  }
  EXPECT_EQ(page(ask("region=chr1&limit=3")).at("variants").as_array().size(), 3u);
}

TEST_F(VariantsTest, AListingHasAtMostPageMaxFiles) {
  GenomicsOptions options;
  options.page_max = 2;
  serve(options);
  for (const char* id : {"a", "b", "c"}) upload(id, test::make_fastq({.records = 10}));
  const auto first = page(get("/genomics/files?limit=100"));
  EXPECT_EQ(first.at("files").as_array().size(), 2u);
  EXPECT_TRUE(first.contains("next"));
}

}  // namespace
}  // namespace medarc::web

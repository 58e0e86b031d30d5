// Variants by region and by what they say, against bcftools; JSON by its own rules.
#include <boost/json.hpp>

#include "genomics/variant_query.h"
#include "tests/genomics/store_fixture.h"
#include "tests/support/variant_maker.h"

namespace medarc::genomics {
namespace {

namespace json = boost::json;

class VariantQueryTest : public StoreTest {
 protected:
  VariantQueryTest() {
    text_ = test::make_vcf({.seed = 31, .records = 3'000, .samples = {"S1", "S2", "S3"}});
    test::write_file(dir_ / "x.vcf.gz", test::bgzip(text_, 8'192));
    test::run_tool({"bcftools", "index", dir_ / "x.vcf.gz"});
    rows_ = {must(upload(test::read_file(dir_ / "x.vcf.gz"))).file,
             must(upload(test::to_bcf(text_, dir_.path()))).file};
  }
  Result<Bytes> ask(const FileRow& row, VariantQuery query, const std::string& region = "") {
    auto set = must(store_->read_set(someone(), row));
    if (!region.empty()) query.regions = {must(parse_samtools_region(region, set->header))};
    MEDARC_ASSIGN(auto source, open_variants(set, query, must(store_->open_admitted(row.blob)),
                                             store_->limits()));
    return drain(*source, 1'000);
  }
  // Without header.
  static std::string lines_of(const std::string& vcf) {
    std::string out;
    for (size_t at = 0; at < vcf.size();) {
      const size_t end = vcf.find('\n', at) + 1;
      if (vcf[at] != '#') out += vcf.substr(at, end - at);
      at = end;
    }
    return out;
  }
  void expect_as(VariantQuery query, std::vector<std::string> bcftools,
                 const std::string& region = "") {
    query.form = VariantQuery::Form::vcf;
    bcftools.insert(bcftools.begin(), {"bcftools", "view", "-H", "-I"});
    if (!region.empty()) bcftools.insert(bcftools.end(), {"-r", region});
    bcftools.push_back(dir_ / "x.vcf.gz");
    const std::string theirs = test::run_tool(bcftools);
    EXPECT_FALSE(theirs.empty());
    for (const FileRow& row : rows_) {
      const std::string ours = lines_of(must(ask(row, query, region)));
      EXPECT_TRUE(ours == theirs) << row.format << " " << bcftools[4] << ": " << ours.size()
                                  << " against " << theirs.size() << "\n"
                                  << ours.substr(0, 200) << "\n"
                                  << theirs.substr(0, 200);
    }
  }
  Code code_of(VariantQuery query) {
    const auto made = ask(rows_[0], query);
    return made.has_error() ? made.error().code : Code::internal;
  }
  std::string text_;
  std::vector<FileRow> rows_;
};

TEST_F(VariantQueryTest, LinesOfVcfAndBcfAreThoseOfBcftools) {
  expect_as({}, {});
  expect_as({}, {}, "chr1:5000-90000");
}

TEST_F(VariantQueryTest, TypesExpressionsGenotypesAndSamplesChooseAsBcftools) {
  VariantQuery q;
  q.types = kSnv;
  expect_as(q, {"-v", "snps"});
  q.types = kIndel | kMnv;
  expect_as(q, {"-v", "indels,mnps"}, "chr1:1000-150000");
  q = {};
  q.expression = "QUAL > 2000 && INFO/DP < 500";
  expect_as(q, {"-i", "QUAL>2000 && INFO/DP<500"});
  q.expression = "FILTER == \"LowQual\" || INFO/DB";
  expect_as(q, {"-i", "FILTER=\"LowQual\" || INFO/DB=1"});
  q.expression = "INFO/AF >= 0.5";
  expect_as(q, {"-i", "INFO/AF>=0.5"});
  q.expression = "POS > 500 && POS <= 90000 && N_ALT == 2";
  expect_as(q, {"-i", "POS>500 && POS<=90000 && N_ALT=2"});
  q = {};
  q.genotype = Genotype::het;
  expect_as(q, {"-g", "het"});
  q = {};
  q.sample = "S2";
  expect_as(q, {"-s", "S2"});
}

TEST_F(VariantQueryTest, TheHeaderOfOneSampleNamesOnlyIt) {
  VariantQuery q;
  q.form = VariantQuery::Form::vcf;
  q.sample = "S2";
  for (const FileRow& row : rows_) {
    const Bytes all = must(ask(row, q));
    EXPECT_NE(all.find("\tFORMAT\tS2\n"), Bytes::npos);
    test::write_file(dir_ / "one.vcf", all);
    EXPECT_EQ(test::run_tool({"bcftools", "query", "-l", dir_ / "one.vcf"}), "S2\n");
  }
}

TEST_F(VariantQueryTest, JsonHasTypedValues) {
  std::string text = test::make_vcf({.records = 0, .samples = {"A", "B"}});
  text +=
      "chr1\t7\trs1;rs2\tAC\tA,<DEL>\t9.5\tq1;q2\tDP=3;AF=0.5,.;DB;END=90;NOTE=a\xff\"b;X=1,2\tGT:"
      "DP\t0/1:4\t.\n";
  const FileRow row = must(upload(test::bgzip(text))).file;
  const json::value all = json::parse(must(ask(row, {})));
  EXPECT_EQ(all.at("more").as_bool(), false);
  EXPECT_EQ(
      json::serialize(all.at("variants")),
      R"([{"contig":"chr1","position":7,"end":90,"id":"rs1;rs2","ref":"AC","alt":["A","<DEL>"],)"
      R"("quality":9.5E0,"filters":["q1","q2"],"types":["indel","other"],"info":{"DP":3,"AF":[5E-1,null],)"
      "\"DB\":true,\"END\":90,\"NOTE\":\"a\xef\xbf\xbd\\\"b\",\"X\":\"1,2\"},"
      R"("samples":{"A":{"GT":"0/1","DP":4},"B":{"GT":null}}}])");
}

TEST_F(VariantQueryTest, AnAnswerThatIsCutOffSaysSo) {
  VariantQuery q;
  q.records_max = 10;
  const json::value some = json::parse(must(ask(rows_[0], q)));
  EXPECT_EQ(some.at("variants").as_array().size(), 10u);
  EXPECT_TRUE(some.at("more").as_bool());
  q.records_max = 3'000;
  EXPECT_FALSE(json::parse(must(ask(rows_[1], q))).at("more").as_bool());
}

TEST_F(VariantQueryTest, WhatCannotBeAskedIsRefused) {
  const auto with = [](const std::string& expression) {
    VariantQuery q;
    q.expression = expression;
    return q;
  };
  for (const std::string& bad :
       {std::string("QUAL >"), std::string("(QUAL > 1"), std::string("NOSUCH > 1"),
        std::string("INFO/NOSUCH"), std::string("ID =~ \"(a*)*\""), std::string("QUAL > 1 )"),
        std::string(1'001, '1')}) {
    EXPECT_EQ(code_of(with(bad)), Code::invalid_argument) << bad;
  }
  EXPECT_EQ(code_of(with(std::string(900, '('))), Code::invalid_argument);
  VariantQuery q;
  q.sample = "S9";
  EXPECT_EQ(code_of(q), Code::not_found);
  const FileRow reads = must(upload(test::make_bam().bytes)).file;
  EXPECT_EQ(ask(reads, {}).error().code, Code::unsupported);
}

TEST_F(VariantQueryTest, WhatAClientWroteIsNotPrinted) {
  VariantQuery q;
  testing::internal::CaptureStderr();
  for (const char* wrong : {"ID == 1 wordOfAClient", "1 1 wordOfAClient", "(1) wordOfAClient (2)",
                            "1) wordOfAClient (2", "\"\\\" wordOfAClient", "wordOfAClient"}) {
    q.expression = wrong;
    EXPECT_EQ(code_of(q), Code::invalid_argument) << wrong;
  }
  const std::string printed = testing::internal::GetCapturedStderr();
  EXPECT_EQ(printed.find("wordOfAClient"), std::string::npos) << printed;
}

TEST_F(VariantQueryTest, GenotypesAreReadFromGt) {
  EXPECT_EQ(genotype_of("GT:DP", "0/0:3"), Genotype::hom_ref);
  EXPECT_EQ(genotype_of("GT", "0|1"), Genotype::het);
  EXPECT_EQ(genotype_of("GT", "1/2"), Genotype::het);
  EXPECT_EQ(genotype_of("GT", "2/2"), Genotype::hom_alt);
  EXPECT_EQ(genotype_of("GT", "1"), Genotype::hom_alt);
  EXPECT_EQ(genotype_of("GT", "./1"), Genotype::missing);
  EXPECT_EQ(genotype_of("DP", "1/1"), Genotype::missing);
  EXPECT_EQ(genotype_of("GT", ""), Genotype::missing);
}

}  // namespace
}  // namespace medarc::genomics

// htsget in a form that is not the stored one: CRAM files as CRAM and BAM, VCF as BCF and BCF as
// VCF; with samtools and bcftools as judges. The whole-file cases are those of the official suite.
#include "tests/support/fasta_maker.h"
#include "tests/support/variant_maker.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::run_tool;

class HtsgetCramTest : public GenomeTest {
 protected:
  void begin(GenomicsOptions options = {}, genomics::Limits limits = {},
             const std::string& version = "3.0") {
    serve(options, limits);
    test::write_file(fasta(), test::to_fasta({{"chr1", test::make_letters(7, 60'000)},
                                              {"chr2", test::make_letters(8, 9'000)}}));
    test::BamOptions o{.records = 3'000};
    o.references = {{"chr1", 60'000}, {"chr2", 9'000}};
    bam_ = test::make_bam(o).bytes;
    test::write_file(dir_ / "x.bam", bam_);
    run_tool({"samtools", "view", "-C", "-T", fasta(), "--output-fmt-option", "seqs_per_slice=100",
              "--output-fmt-option", "version=" + version, "-o", cram(), dir_ / "x.bam"});
    run_tool({"samtools", "index", cram()});
    upload("reference", test::read_file(fasta()));
    upload("one", test::read_file(cram()));
  }
  std::string fasta() { return dir_ / "ref.fa"; }
  std::string cram() { return dir_ / "x.cram"; }
  std::string view(std::vector<std::string> more) {
    std::vector<std::string> words = {"samtools",           "view",       "-T", fasta(),
                                      "--input-fmt-option", "decode_md=0"};
    words.insert(words.end(), more.begin(), more.end());
    return run_tool(words);
  }
  std::string viewed(const std::string& bytes) {
    test::write_file(dir_ / "answer", bytes);
    return view({dir_ / "answer"});
  }
  void expect_error(const HttpAnswer& answer, int status, const std::string& name) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(error_of(answer), name) << answer.body;
  }
  void expect_regions_equal() {
    for (const std::string format : {"CRAM", "BAM"}) {
      const auto asked = [&](const std::string& query) {
        return viewed(joined(get(std::string(kOne) + "?format=" + format + query)));
      };
      EXPECT_EQ(asked("&referenceName=chr1&start=10000&end=40000"),
                view({cram(), "chr1:10001-40000"}));
      EXPECT_EQ(asked("&referenceName=chr1&start=777&end=778"), view({cram(), "chr1:778-778"}));
      EXPECT_EQ(asked("&referenceName=chr2"), view({cram(), "chr2"}));
      EXPECT_EQ(asked("&referenceName=*"), view({cram(), "*"}));
      EXPECT_EQ(asked("&referenceName=chr1&start=7&end=7"), "");
    }
  }
  static std::string path_of(const json::value& one) {
    const std::string url(one.at("url").as_string());
    return url.starts_with("http") ? url.substr(url.find("/htsget/data/")) : "";
  }
  std::string bam_;
  static constexpr const char* kOne = "/htsget/reads/one";
};

TEST_F(HtsgetCramTest, H08SuiteDefaultBamAndCramAreTheWholeFile) {
  begin();
  const std::string expected = view({cram()});
  for (const auto& [query, format] :
       {std::pair("", "BAM"), std::pair("?format=BAM", "BAM"), std::pair("?format=CRAM", "CRAM")}) {
    const HttpAnswer ticket = get(std::string(kOne) + query);
    ASSERT_EQ(ticket.status, 200) << ticket.body;
    EXPECT_EQ(json::parse(ticket.body).at("htsget").at("format").as_string(), format);
    const std::string whole = joined(ticket);
    EXPECT_EQ(viewed(whole), expected) << query;
    EXPECT_TRUE(whole.starts_with(std::string_view(format) == "CRAM" ? "CRAM" : "\x1f\x8b"));
  }
  EXPECT_EQ(joined(get(std::string(kOne) + "?format=CRAM")), test::read_file(cram()));
}

TEST_F(HtsgetCramTest, H08AnIdMayLackTheEndingThatTheFormatSays) {
  begin();
  const std::string bytes = test::read_file(cram());
  upload("two/both.bam", bam_);
  upload("two/both.cram", bytes);
  upload("only.cram", bytes);
  const auto given = [&](const std::string& id_and_query) {
    return joined(get("/htsget/reads/" + id_and_query));
  };
  EXPECT_EQ(given("two/both?format=CRAM"), bytes);
  EXPECT_EQ(given("two/both"), given("two/both.bam"));
  EXPECT_EQ(given("two/both?format=BAM&referenceName=chr2"),
            given("two/both.bam?format=BAM&referenceName=chr2"));
  EXPECT_EQ(given("only?format=CRAM"), bytes);
  EXPECT_EQ(viewed(given("only")), view({cram()})) << "made of the CRAM";
  upload("two/both", bam_);  // an id of its own comes first
  expect_error(get("/htsget/reads/two/both?format=CRAM"), 400, "UnsupportedFormat");
  expect_error(get("/htsget/reads/two"), 404, "NotFound");
  expect_error(get("/htsget/variants/only"), 404, "NotFound");
}

TEST_F(HtsgetCramTest, H10H16H30RegionsEqualSamtoolsInBothFormats) {
  begin();
  expect_regions_equal();
}

TEST_F(HtsgetCramTest, H10H16H30RegionsOfAnOldCramEqualSamtoolsInBothFormats) {
  begin({}, {}, "2.1");
  expect_regions_equal();
}

TEST_F(HtsgetCramTest, H18H20PostTakesManyRegions) {
  begin();
  for (const std::string format : {"CRAM", "BAM"}) {
    const HttpAnswer ticket =
        post(kOne, R"({"format":")" + format +
                       R"(","regions":[{"referenceName":"chr2","start":500,"end":3000},)"
                       R"({"referenceName":"chr1","start":100,"end":2000},)"
                       R"({"referenceName":"chr1","start":1500,"end":19000}]})");
    EXPECT_EQ(viewed(joined(ticket)),
              view({"-M", cram(), "chr1:101-2000", "chr1:1501-19000", "chr2:501-3000"}));
  }
}

TEST_F(HtsgetCramTest, H09H23ClassHeaderIsTheHeaderAloneAndEveryUrlHasAClass) {
  begin();
  for (const std::string format : {"CRAM", "BAM"}) {
    const std::string header = joined(get(std::string(kOne) + "?class=header&format=" + format));
    EXPECT_EQ(viewed(header), "");
    EXPECT_EQ(view({"--no-PG", "-H", dir_ / "answer"}), view({"--no-PG", "-H", cram()}));
    std::string classes;
    for (const auto& one : urls_of(get(std::string(kOne) + "?referenceName=chr1&format=" + format)))
      classes += one.at("class").as_string() == "header" ? 'h' : 'b';
    EXPECT_EQ(classes.find('b'), 1u) << classes;
    EXPECT_EQ(classes.rfind('h'), 0u) << classes;
  }
}

TEST_F(HtsgetCramTest, H24H26LinksNeedNoCredentialAndHonourAnyRange) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  begin(options);
  for (const std::string format : {"CRAM", "BAM"}) {
    const HttpAnswer ticket =
        get(std::string(kOne) + "?referenceName=chr1&start=10000&end=40000&format=" + format);
    int links = 0;
    for (const auto& one : urls_of(ticket)) {
      const std::string path = path_of(one);
      if (path.empty()) continue;
      ++links;
      const HttpAnswer whole = get(path, {{"Authorization", "Bearer nonsense"}});
      ASSERT_EQ(whole.status, 200) << whole.body;
      EXPECT_EQ(whole.header("Content-Length"), std::to_string(whole.body.size()));
      EXPECT_EQ(get(path, {{"Range", "bytes=10-19"}}).body, whole.body.substr(10, 10));
    }
    EXPECT_GE(links, 2);
    EXPECT_EQ(viewed(joined(ticket)), view({cram(), "chr1:10001-40000"}));
  }
}

TEST_F(HtsgetCramTest, H24ALinkWhoseLengthIsNotKnownIsSentAsItIsMade) {
  genomics::Limits limits;
  limits.recode_eager_bytes_max = 1;
  begin({}, limits);
  EXPECT_EQ(viewed(joined(get(std::string(kOne) + "?referenceName=chr1"))), view({cram(), "chr1"}));
}

TEST_F(HtsgetCramTest, H24ALinkOfARemovedFileIsDead) {
  begin();
  std::string path;
  for (const auto& one : urls_of(get(std::string(kOne) + "?format=CRAM"))) {
    if (!path_of(one).empty()) path = path_of(one);
  }
  EXPECT_EQ(get(path).status, 200);
  EXPECT_EQ(test::http(port(), "DELETE", "/genomics/files/one").status, 204);
  expect_error(get(path), 404, "NotFound");
}

TEST_F(HtsgetCramTest, H15H27FieldsAndTagsAreLeftOutOfBam) {
  begin();
  upload("bam", bam_);
  const std::string query =
      "?referenceName=chr1&start=100&end=30000&fields=QNAME,FLAG,RNAME,POS&tags=NM";
  const std::string masked = viewed(joined(get(std::string(kOne) + query)));
  EXPECT_NE(masked, "");
  EXPECT_EQ(masked, viewed(joined(get("/htsget/reads/bam" + query)))) << "as of the BAM file";
  EXPECT_EQ(viewed(joined(get(std::string(kOne) + "?fields=POS&notags=NM"))),
            viewed(joined(get("/htsget/reads/bam?fields=POS&notags=NM"))));
}

TEST_F(HtsgetCramTest, H15FieldsAreLeftOutOfWhatIsMadeWhileItIsSent) {
  genomics::Limits limits;
  limits.recode_eager_bytes_max = 1;
  begin({}, limits);
  upload("bam", bam_);
  EXPECT_EQ(viewed(joined(get(std::string(kOne) + "?fields=POS&tags="))),
            viewed(joined(get("/htsget/reads/bam?fields=POS&tags="))));
}

TEST_F(HtsgetCramTest, H04H08WhatCannotBeDoneIsUnsupported) {
  begin();
  upload("bam", bam_);
  expect_error(get("/htsget/reads/bam?format=CRAM"), 400, "UnsupportedFormat");
  expect_error(get(std::string(kOne) + "?format=CRAM&fields=FLAG"), 400, "UnsupportedFormat");
  expect_error(get(std::string(kOne) + "?referenceName=none"), 404, "NotFound");
  expect_error(get(std::string(kOne) + "?format=VCF"), 400, "UnsupportedFormat");
  expect_error(get("/htsget/variants/one"), 404, "NotFound");
  EXPECT_EQ(json::serialize(
                json::parse(get("/htsget/reads/service-info").body).at("htsget").at("formats")),
            R"(["BAM","CRAM"])")
      << "H27";
}

TEST_F(HtsgetCramTest, H30SamtoolsReadsThroughTheTicketItself) {
  begin();
  for (const std::string format : {"BAM", "CRAM"}) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port()) + kOne +
                            "?format=" + format + "&referenceName=chr1&start=2000&end=30000";
    if (!test::runs_well({"samtools", "view", "-H", url})) GTEST_SKIP() << "no libcurl";
    EXPECT_EQ(view({url}), view({cram(), "chr1:2001-30000"}));
  }
}

class HtsgetFormsTest : public GenomeTest {
 protected:
  HtsgetFormsTest() {
    text_ = test::make_vcf({.seed = 4, .records = 4'000, .info_bytes = 40});
    vcf_ = dir_ / "x.vcf.gz";
    test::write_file(vcf_, test::bgzip(text_, 16'384));
    run_tool({"bcftools", "index", vcf_});
  }
  void begin(GenomicsOptions options = {}, genomics::Limits limits = {}) {
    serve(options, limits);
    upload("calls", test::read_file(vcf_));
    upload("binary", test::to_bcf(text_, dir_.path()));
  }
  static std::string view(std::vector<std::string> more) {
    more.insert(more.begin(), {"bcftools", "view", "--no-version"});
    return run_tool(more);
  }
  // As the format says: a binary header, or one of text, below gzip.
  std::string viewed(const std::string& bytes, const std::string& format, const char* what = "-H") {
    EXPECT_EQ(test::gunzip(bytes).substr(0, 3), format == "BCF" ? "BCF" : "##f");
    test::write_file(dir_ / "answer", bytes);
    return view({what, dir_ / "answer"});
  }
  void expect_regions_equal() {
    for (const auto& [id, format] : {std::pair("calls", "BCF"), std::pair("binary", "VCF")}) {
      const std::string at = std::string("/htsget/variants/") + id + "?format=" + format;
      EXPECT_EQ(viewed(joined(get(at + "&referenceName=chr1&start=5000&end=60000")), format),
                view({"-H", "-r", "chr1:5001-60000", vcf_}));
      EXPECT_EQ(viewed(joined(get(at + "&referenceName=chr2")), format),
                view({"-H", "-r", "chr2", vcf_}));
      EXPECT_EQ(viewed(joined(get(at + "&referenceName=chr1&start=7&end=7")), format), "");
      const std::string header = joined(get(at + "&class=header"));
      EXPECT_EQ(viewed(header, format), "");
      EXPECT_EQ(viewed(header, format, "-h"), view({"-h", vcf_}));
    }
  }
  std::string text_, vcf_;
};

TEST_F(HtsgetFormsTest, H08SuiteDefaultVcfAndBcfAreTheWholeFile) {
  begin();
  for (const std::string id : {"calls", "binary"}) {
    for (const auto& [query, format] :
         {std::pair("", "VCF"), std::pair("?format=VCF", "VCF"), std::pair("?format=BCF", "BCF")}) {
      const HttpAnswer ticket = get("/htsget/variants/" + id + query);
      ASSERT_EQ(ticket.status, 200) << ticket.body;
      EXPECT_EQ(json::parse(ticket.body).at("htsget").at("format").as_string(), format);
      const std::string whole = joined(ticket);
      EXPECT_EQ(viewed(whole, format), view({"-H", vcf_})) << id << query;
      EXPECT_EQ(viewed(whole, format, "-h"), view({"-h", vcf_})) << id << query;
    }
  }
}

TEST_F(HtsgetFormsTest, H08AnIdMayLackTheEndingThatTheFormatSays) {
  serve();
  upload("a.vcf.gz", test::read_file(vcf_));
  upload("b.bcf", test::to_bcf(text_, dir_.path()));
  for (const std::string id : {"a", "b"}) {
    for (const std::string format : {"VCF", "BCF"}) {
      EXPECT_EQ(viewed(joined(get("/htsget/variants/" + id + "?format=" + format)), format),
                view({"-H", vcf_}))
          << id << format;
    }
  }
  EXPECT_EQ(get("/htsget/reads/a").status, 404);
}

TEST_F(HtsgetFormsTest, H08H30RegionsInTheOtherFormEqualBcftools) {
  begin();
  expect_regions_equal();
}

TEST_F(HtsgetFormsTest, H08H24LinkedPiecesInTheOtherFormEqualBcftools) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  begin(options);
  expect_regions_equal();
}

TEST_F(HtsgetFormsTest, H26PiecesInTheOtherFormHonourAnyRange) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  begin(options);
  int links = 0;
  for (const auto& one : urls_of(get("/htsget/variants/binary?referenceName=chr1"))) {
    const std::string url(one.at("url").as_string());
    if (!url.starts_with("http")) continue;
    ++links;
    const std::string path = url.substr(url.find("/htsget/data/"));
    const HttpAnswer whole = get(path);
    EXPECT_EQ(get(path, {{"Range", "bytes=10-19"}}).body, whole.body.substr(10, 10));
  }
  EXPECT_GE(links, 2);
}

TEST_F(HtsgetFormsTest, SlicesAreGivenInEitherForm) {
  begin();
  for (const auto& [id, format, type] :
       {std::tuple("calls", "bcf", "application/vnd.ga4gh.bcf"),
        std::tuple("binary", "vcf", "application/vnd.ga4gh.vcf")}) {
    const std::string at = std::string("/genomics/files/") + id + "/slice?region=chr1:5000-60000";
    const HttpAnswer answer = get(at + "&format=" + format);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), type);
    EXPECT_EQ(viewed(answer.body, std::string_view(format) == "bcf" ? "BCF" : "VCF"),
              view({"-H", "-r", "chr1:5000-60000", vcf_}));
    EXPECT_NE(answer.header("ETag"), get(at).header("ETag"));
    EXPECT_EQ(get(at, {{"Accept", type}}).body, answer.body);
    EXPECT_EQ(get(at + "&format=" + format, {{"Range", "bytes=5-8"}}).body,
              answer.body.substr(5, 4));
  }
}

TEST_F(HtsgetFormsTest, H08ANameThatTheHeaderLacksCannotBeGivenAsBcf) {
  serve();
  upload("odd", test::bgzip("##fileformat=VCFv4.2\n##contig=<ID=c>\n"
                            "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
                            "c\t5\t.\tA\tC\t.\tPASS\tNOTSAID=1\n"));
  EXPECT_EQ(get("/htsget/variants/odd").status, 200);
  const HttpAnswer refused = get("/htsget/variants/odd?format=BCF");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(error_of(refused), "UnsupportedFormat");
  EXPECT_EQ(get("/genomics/files/odd/slice?format=bcf").status, 501);
}

}  // namespace
}  // namespace medarc::web

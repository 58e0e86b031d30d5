// What is counted, found and drawn of a genome file, over HTTP.
#include "archive/hash.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

class QualityTest : public GenomeTest {};

TEST_F(QualityTest, TheSummaryIsInTheDescriptionAndTheTablesBesideIt) {
  serve();
  const json::object file = upload("a/b", test::make_bam({.records = 500}).bytes);
  const auto& statistics = file.at("statistics").as_object();
  EXPECT_EQ(statistics.at("stats").at("raw total sequences").to_number<int64_t>() +
                statistics.at("stats").at("non-primary alignments").to_number<int64_t>() +
                statistics.at("stats").at("supplementary alignments").to_number<int64_t>(),
            520);
  EXPECT_EQ(statistics.at("idxstats").as_array().size(), 4u);
  EXPECT_TRUE(file.at("links").as_object().contains("quality"));
  const auto whole = get("/genomics/files/a/b/quality");
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.header("Content-Type"), "application/json");
  EXPECT_EQ(json::parse(whole.body).at("stats"), statistics.at("stats"));
  EXPECT_FALSE(json::parse(whole.body).at("FFQ").as_array().empty());
  EXPECT_EQ(get("/genomics/files/a/b/quality", {{"If-None-Match", whole.header("ETag")}}).status,
            304);
  EXPECT_EQ(get("/genomics/files/a/b/attachments/quality").body, whole.body);
  EXPECT_EQ(get("/genomics/files/a/b/attachments/depth").status, 200);
  EXPECT_EQ(get("/genomics/files/nothing/quality").status, 404);
  EXPECT_EQ(get("/genomics/files/a/b/quality?x=1").status, 400);
  const json::object reads = upload("q", test::make_fastq());
  EXPECT_EQ(
      reads.at("statistics").at("fastq").at("Basic Statistics").at("Total Sequences").as_int64(),
      1000);
  EXPECT_FALSE(json::parse(get("/genomics/files/q/quality").body)
                   .at("Per base sequence quality")
                   .as_array()
                   .empty());
  EXPECT_EQ(get("/genomics/files/q/depth?region=chr1&bins=5").status, 404);
}

TEST_F(QualityTest, DepthComesInAsManyBinsAsAskedFor) {
  GenomicsOptions options;
  options.depth_bins_max = 2'000;
  serve(options);
  upload("one", test::make_bam({.records = 5'000}).bytes);
  const auto depth = [&](const std::string& query) {
    const auto answer = get("/genomics/files/one/depth?" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body).as_object();
  };
  const json::object whole = depth("region=chr1&bins=100");
  EXPECT_EQ(whole.at("reference").as_string(), "chr1");
  EXPECT_EQ(whole.at("length").as_int64(), 200'000);
  EXPECT_EQ(whole.at("binBases").as_int64(), 2'048);
  EXPECT_EQ(whole.at("begin").as_int64(), 0);
  ASSERT_EQ(whole.at("depth").as_array().size(), 98u);
  double sum = 0;
  for (const json::value& mean : whole.at("depth").as_array()) sum += mean.to_number<double>();
  const json::object one = depth("region=chr1&bins=1");
  EXPECT_EQ(one.at("binBases").as_int64(), 262'144);
  EXPECT_NEAR(one.at("depth").at(0).to_number<double>(), sum / 98, sum / 98 * 0.02);
  const json::object part = depth("region=chr1:100001-110000&bins=2000");
  EXPECT_EQ(part.at("binBases").as_int64(), 128);
  EXPECT_EQ(part.at("begin").as_int64(), 99'968);
  EXPECT_EQ(part.at("depth").as_array().size(), 79u);
  for (const char* wrong : {"region=chr1&bins=0", "region=chr1&bins=2001", "region=chr1&bins=x",
                            "region=*&bins=5", "region=chr1&bins=5&zoom=1"}) {
    EXPECT_EQ(get(std::string("/genomics/files/one/depth?") + wrong).status, 400) << wrong;
  }
  EXPECT_EQ(get("/genomics/files/one/depth?region=chr9&bins=5").status, 404);
}

TEST_F(QualityTest, FilesNameTheOthersThatHoldTheSameReadsAndTheirAlerts) {
  serve();
  const std::string bam = test::make_bam({.records = 100, .samples = {"S1"}}).bytes;
  const json::object first = upload("first", bam, "&patient=ISS%7CP1");
  EXPECT_TRUE(first.at("alerts").as_array().empty());
  EXPECT_TRUE(first.at("sameReads").as_array().empty());
  const json::object second =
      upload("second", test::bgzip(test::gunzip(bam), 5'000), "&patient=ISS%7CP2");
  EXPECT_EQ(json::serialize(second.at("sameContent")), R"(["first"])");
  EXPECT_EQ(json::serialize(second.at("sameReads")), R"(["first"])");
  EXPECT_EQ(second.at("plainSha256").as_string(), archive::Sha256::of(test::gunzip(bam)).hex());
  EXPECT_EQ(json::serialize(second.at("sameReadSet")), R"(["first"])");
  EXPECT_EQ(second.at("alerts").at(0).at("code").as_string(), "sample-of-another-patient");
  EXPECT_EQ(json::parse(get("/genomics/files/second").body), second);
  EXPECT_EQ(json::serialize(json::parse(get("/genomics/files/first").body).at("sameReads")),
            R"(["second"])");
}

TEST_F(QualityTest, AMateIsNamedInOneRequestAndOverTus) {
  serve();
  const std::string first = "@a/1\nAC\n+\nII\n@b/1\nAC\n+\nII\n",
                    second = "@a/2\nAC\n+\nII\n@b/2\nAC\n+\nII\n";
  upload("r1", first);
  const json::object paired = upload("r2", second, "&mate=r1");
  EXPECT_EQ(paired.at("statistics").at("mate").as_string(), "r1");
  const auto refused = post("/genomics/files?mate=r1", second.substr(0, second.size() / 2));
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("record 2"), std::string::npos) << refused.body;
  EXPECT_EQ(post("/genomics/files?mate=nobody", second).status, 404);
  const auto created =
      post("/uploads", second,
           {{"Tus-Resumable", "1.0.0"},
            {"Upload-Length", std::to_string(second.size())},
            {"Content-Type", "application/offset+octet-stream"},
            {"Upload-Metadata", "mate " + to_base64("r1") + ",id " + to_base64("r3")}});
  EXPECT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(json::parse(get("/genomics/files/r3").body).at("statistics").at("mate").as_string(),
            "r1");
}

}  // namespace
}  // namespace medarc::web

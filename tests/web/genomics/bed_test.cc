// BED at the genomics door: slices in each form, names, plans, consent; and the doors that have
// none.
#include <algorithm>
#include <set>

#include "tests/support/bed_maker.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

class BedTest : public GenomeTest {
 protected:
  BedTest() : bed_(test::bgzip(test::make_bed({.seed = 9, .records = 6'000}), 8'192)) {
    test::write_file(dir_ / "x.bed.gz", bed_);
    test::run_tool({"tabix", "-p", "bed", dir_ / "x.bed.gz"});
  }
  void begin() {
    serve();
    facts_ = upload("targets", bed_, "&name=targets.bed.gz");
  }
  std::string tabix(const std::string& region) {
    return test::run_tool({"tabix", dir_ / "x.bed.gz", region});
  }
  test::HttpAnswer slice(const std::string& parameters,
                         const test::HttpClient::Headers& headers = {}) {
    return get("/genomics/files/targets/slice?" + parameters, headers);
  }
  std::string bed_;
  json::object facts_;
};

TEST_F(BedTest, SlicesEqualTabixInEveryForm) {
  begin();
  const std::string region = "chr1:50001-60000", expected = tabix(region);
  ASSERT_GT(std::count(expected.begin(), expected.end(), '\n'), 50);
  const auto blocks = slice("region=" + region);
  EXPECT_EQ(blocks.header("Content-Type"), "application/gzip");
  EXPECT_EQ(test::gunzip(blocks.body), "#made\n" + expected);
  EXPECT_NE(blocks.header("Content-Disposition").find("targets.bed.gz.slice.bed.gz"),
            std::string::npos)
      << blocks.header("Content-Disposition");
  EXPECT_EQ(slice("format=bed.gz&strict=true&region=" + region).body, blocks.body);
  const auto part = slice("region=" + region, {{"Range", "bytes=100-199"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, blocks.body.substr(100, 100));
  const auto text = slice("format=bed&region=" + region);
  EXPECT_EQ(text.header("Content-Type"), "text/x-bed");
  EXPECT_EQ(text.body, "#made\n" + expected);
  EXPECT_EQ(slice("region=" + region, {{"Accept", "text/plain"}}).body, text.body);
  EXPECT_EQ(slice("format=bed&header=false&region=" + region).body, expected);
  EXPECT_EQ(slice("format=bed&header=false&region=chr2:1-500&region=chr1:1-500").body,
            tabix("chr1:1-500") + tabix("chr2:1-500"));
  const json::value parsed = json::parse(slice("format=json&region=" + region).body);
  EXPECT_EQ(static_cast<int64_t>(parsed.as_array().size()),
            std::count(expected.begin(), expected.end(), '\n'));
  EXPECT_EQ(parsed.at(0).at("chrom").as_string(), "chr1");
  EXPECT_EQ(parsed.at(0).at("columns").as_array().size(), 3u);
  EXPECT_EQ(slice("format=vcf").status, 501);
  EXPECT_EQ(slice("region=chr9").status, 404);
  EXPECT_EQ(slice("region=chr1&fields=POS").status, 400);
  EXPECT_EQ(slice("region=chr1&header=false").status, 400);
}

TEST_F(BedTest, TheFileAndItsIndexHaveTheNamesThatReadersLookFor) {
  begin();
  const std::string at = "/genomics/files/targets/targets";
  EXPECT_EQ(get(at + ".bed.gz").body, bed_);
  EXPECT_EQ(get(at + ".bed.gz", {{"Range", "bytes=0-9"}}).body, bed_.substr(0, 10));
  const auto index = get(at + ".bed.gz.tbi");
  EXPECT_EQ(index.body, get("/genomics/files/targets/index").body);
  EXPECT_EQ(get(at + ".bed.gz.csi").status, 404);
  EXPECT_EQ(get(at + ".bed").status, 404) << "it is compressed";
  upload("plain", test::make_bed());
  EXPECT_EQ(get("/genomics/files/plain/plain.bed").body, test::make_bed());
  EXPECT_EQ(get("/genomics/files/plain/plain.bed.gz").status, 404);
  EXPECT_EQ(get("/genomics/files/plain/slice").status, 501);
  test::write_file(dir_ / "ours.bed.gz", bed_);
  test::write_file(dir_ / "ours.bed.gz.tbi", index.body);
  EXPECT_EQ(test::run_tool({"tabix", dir_ / "ours.bed.gz", "chr1:100-9000"}),
            tabix("chr1:100-9000"));
  const auto checked =
      post("/genomics/files/targets/index", test::read_file(dir_ / "x.bed.gz.tbi"));
  EXPECT_EQ(json::parse(checked.body).at("index").as_string(), "tbi");
  EXPECT_NE(json::parse(checked.body).at("verdict").as_string(), "stale") << checked.body;
}

TEST_F(BedTest, WhatASliceTakesIsTold) {
  begin();
  const auto plan = get("/genomics/files/targets/plan?region=chr1:50001-60000");
  ASSERT_EQ(plan.status, 200) << plan.body;
  const json::value told = json::parse(plan.body);
  const std::string expected = tabix("chr1:50001-60000");
  EXPECT_EQ(told.at("format").as_string(), "bed");
  EXPECT_EQ(told.at("recordsSent").as_int64(), std::count(expected.begin(), expected.end(), '\n'));
}

TEST_F(BedTest, DoorsForReadsAndVariantsRefuseIt) {
  begin();
  EXPECT_FALSE(facts_.at("links").as_object().contains("htsget"));
  EXPECT_TRUE(facts_.at("links").as_object().contains("slice"));
  for (const char* kind : {"reads", "variants"}) {
    const auto refused = get(std::string("/htsget/") + kind + "/targets");
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_EQ(error_of(refused), "UnsupportedFormat");
  }
  EXPECT_EQ(get("/genomics/files/targets/variants").status, 501);
  EXPECT_EQ(get("/genomics/files/targets/depth?region=chr1:1-100").status, 501);
  EXPECT_EQ(get("/genomics/files/targets/pileup?region=chr1:1-100").status, 501);
  const std::string drs(facts_.at("links").at("drs").as_string());
  const auto object = get(drs.substr(drs.find("/ga4gh")));
  ASSERT_EQ(object.status, 200) << object.body;
  EXPECT_EQ(json::parse(object.body).at("access_methods").as_array().size(), 1u) << object.body;
}

TEST_F(BedTest, WithheldRegionsLeaveInNoForm) {
  begin();
  const std::string hidden = "chr1:50001-60000", around = "chr1:40001-70000";
  const auto set = test::http(port(), "PUT", "/genomics/files/targets/consent", {{"If-Match", "*"}},
                              R"({"regions":[{"region":")" + hidden + R"("}]})");
  ASSERT_EQ(set.status, 200) << set.body;
  std::set<std::string> withheld;
  const auto each_line = [](const std::string& text, auto take) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at) + 1;
      take(text.substr(at, end - at));
      at = end;
    }
  };
  each_line(tabix(hidden), [&](const std::string& line) { withheld.insert(line); });
  ASSERT_GT(withheld.size(), 50u);
  std::string kept;
  each_line(tabix(around), [&](const std::string& line) {
    if (!withheld.contains(line)) kept += line;
  });
  const auto blocks = slice("region=" + around);
  EXPECT_EQ(test::gunzip(blocks.body), "#made\n" + kept);
  EXPECT_EQ(blocks.header("Medarc-Withheld"), "regions=1");
  EXPECT_EQ(slice("format=bed&header=false&region=" + around).body, kept);
  EXPECT_EQ(slice("format=json&region=" + hidden).body, "[]\n");
  EXPECT_EQ(get("/genomics/files/targets/content").status, 403);
}

}  // namespace
}  // namespace medarc::web

// htsget 1.3 for variants end to end, statement by statement, with bcftools as the judge of
// records; and slices and plans of variants at their own routes.
#include "tests/support/variant_maker.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

class HtsgetVariantsTest : public GenomeTest {
 protected:
  HtsgetVariantsTest() {
    const std::string text = test::make_vcf({.seed = 4, .records = 4'000, .info_bytes = 40});
    vcf_ = test::bgzip(text, 16'384);
    bcf_ = test::to_bcf(text, dir_.path());
    original_ = dir_ / "x.vcf.gz";
    test::write_file(original_, vcf_);
    test::run_tool({"bcftools", "index", original_});
  }
  void begin(GenomicsOptions options = {}, genomics::Limits limits = {}) {
    serve(options, limits);
    upload("calls", vcf_);
    upload("binary", bcf_);
  }
  static std::string view(std::vector<std::string> more) {
    more.insert(more.begin(), {"bcftools", "view", "--no-version"});
    return test::run_tool(more);
  }
  std::string original(const std::string& regions) {
    if (regions.empty()) return view({"-H", original_});
    return view({"-H", "-r", regions, original_});
  }
  // What bcftools prints of these bytes, which it tells apart by itself.
  std::string lines(const std::string& bytes, const char* what = "-H") {
    test::write_file(dir_ / "answer", bytes);
    return view({what, dir_ / "answer"});
  }
  void expect_error(const HttpAnswer& answer, int status, const std::string& name) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(error_of(answer), name) << answer.body;
  }
  std::string vcf_, bcf_, original_;
  static constexpr const char* kCalls = "/htsget/variants/calls";
  static constexpr const char* kBinary = "/htsget/variants/binary";
};

TEST_F(HtsgetVariantsTest, H01H02H08H22ATicketIsJsonOfItsTypeAndNamesItsFormat) {
  begin();
  for (const auto& [path, query, format] :
       {std::tuple(kCalls, "", "VCF"), std::tuple(kBinary, "", "VCF"),
        std::tuple(kCalls, "?format=BCF", "BCF"), std::tuple(kBinary, "?format=bcf", "BCF")}) {
    const HttpAnswer ticket = get(std::string(path) + query + (*query == '\0' ? "?" : "&") +
                                  "referenceName=chr1&start=100&end=5000");
    EXPECT_EQ(ticket.status, 200);
    EXPECT_EQ(ticket.header("Content-Type"),
              "application/vnd.ga4gh.htsget.v1.3.0+json; charset=utf-8");
    EXPECT_TRUE(ticket.body.starts_with("{\"htsget\":{"));
    const auto root = json::parse(ticket.body).as_object();
    EXPECT_EQ(root.size(), 1u);
    EXPECT_EQ(root.at("htsget").at("format").as_string(), format);
    EXPECT_EQ(get(std::string(path) + "?class=header&format=" + format).status, 200);
  }
}

TEST_F(HtsgetVariantsTest, H03H04H08H10ErrorsAreNamedAndShaped) {
  begin();
  expect_error(get("/htsget/variants/none"), 404, "NotFound");
  expect_error(get(std::string(kCalls) + "?referenceName=chrNone"), 404, "NotFound");
  expect_error(get(std::string(kCalls) + "?referenceName=*"), 404, "NotFound");
  expect_error(get(std::string(kCalls) + "?format=BAM"), 400, "UnsupportedFormat");
  expect_error(get("/htsget/reads/calls"), 404, "NotFound");
  upload("reads", test::make_bam().bytes);
  expect_error(get("/htsget/variants/reads"), 404, "NotFound");
  upload("text", test::make_vcf());
  expect_error(get("/htsget/variants/text"), 400, "UnsupportedFormat");
}

TEST_F(HtsgetVariantsTest, H03H04H05StrangersAreRefusedInHtsgetsOwnForm) {
  begin();
  const test::HttpClient::Headers bad = {{"Authorization", "Bearer nonsense"}};
  for (const std::string path :
       {"/htsget/variants/calls", "/htsget/reads/calls", "/htsget/reads/service-info"}) {
    const auto refused = get(path, bad);
    expect_error(refused, 401, "InvalidAuthentication");
    EXPECT_FALSE(refused.header("WWW-Authenticate").empty());
    expect_error(post(path, "{}", bad), 401, "InvalidAuthentication");
  }
  EXPECT_EQ(get(kCalls, {{"Authorization", "Bearer good"}}).status, 200);
}

TEST_F(HtsgetVariantsTest, H06TheOriginIsEchoedOnTicketsAndDataForGetAndPost) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  begin(options);
  for (const char* method : {"GET", "POST"}) {
    const auto preflight =
        test::http(port(), "OPTIONS", kCalls,
                   {{"Origin", "http://viewer"},
                    {"Access-Control-Request-Method", method},
                    {"Access-Control-Request-Headers", "authorization, content-type"}});
    EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "http://viewer");
    EXPECT_NE(preflight.header("Access-Control-Allow-Methods").find(method), std::string::npos);
    EXPECT_EQ(preflight.header("Access-Control-Allow-Headers"), "authorization, content-type");
    EXPECT_EQ(preflight.header("Access-Control-Max-Age"), "2592000");
  }
  const auto ticket = get(kCalls, {{"Origin", "http://viewer"}});
  EXPECT_EQ(ticket.header("Access-Control-Allow-Origin"), "http://viewer");
  EXPECT_EQ(ticket.header("Vary"), "Origin");
  int links = 0;
  for (const auto& one : urls_of(ticket)) {
    const std::string url(one.at("url").as_string());
    if (url.starts_with("data:")) continue;
    ++links;
    const std::string path = url.substr(url.find("/htsget/data/"));
    EXPECT_EQ(get(path, {{"Origin", "http://viewer"}}).header("Access-Control-Allow-Origin"),
              "http://viewer");
    const auto preflight = test::http(port(), "OPTIONS", path,
                                      {{"Origin", "http://viewer"},
                                       {"Access-Control-Request-Method", "GET"},
                                       {"Access-Control-Request-Headers", "range"}});
    EXPECT_EQ(preflight.header("Access-Control-Allow-Headers"), "range");
  }
  EXPECT_GT(links, 0);
  EXPECT_EQ(get("/htsget/variants/none", {{"Origin", "http://viewer"}})
                .header("Access-Control-Allow-Origin"),
            "http://viewer")
      << "errors can be read too";
}

TEST_F(HtsgetVariantsTest, H09ClassHeaderIsTheHeaderAlone) {
  begin();
  for (const char* path : {kCalls, kBinary}) {
    const std::string header = joined(get(std::string(path) + "?class=header"));
    EXPECT_EQ(lines(header), "");
    EXPECT_EQ(lines(header, "-h"), view({"-h", original_}));
    expect_error(get(std::string(path) + "?class=body"), 400, "InvalidInput");
    expect_error(get(std::string(path) + "?class=header&referenceName=chr1&start=1"), 400,
                 "InvalidInput");
    EXPECT_EQ(get(std::string(path) + "?class=header&referenceName=na").status, 200);
  }
}

TEST_F(HtsgetVariantsTest, H10H16H30WholeFilesRegionsAndEmptyAnswersEqualBcftools) {
  begin();
  for (const char* path : {kCalls, kBinary}) {
    const std::string url = path;
    EXPECT_EQ(lines(joined(get(url))), original(""));
    EXPECT_EQ(lines(joined(get(url + "?referenceName=chr2"))), original("chr2"));
    EXPECT_EQ(lines(joined(get(url + "?referenceName=chr1&start=5000&end=60000"))),
              original("chr1:5001-60000"));
    EXPECT_EQ(lines(joined(get(url + "?referenceName=chr1&start=7&end=7"))), "");
    EXPECT_EQ(lines(joined(get(url + "?referenceName=chr1&start=4000000000"))), "");
  }
}

TEST_F(HtsgetVariantsTest, H11H12H13H14PositionsAreChecked) {
  begin();
  const std::string calls = kCalls;
  expect_error(get(calls + "?start=1"), 400, "InvalidInput");
  expect_error(get(calls + "?referenceName=chr1&start=5&end=4"), 400, "InvalidRange");
  expect_error(get(calls + "?referenceName=chr1&start=-1"), 400, "InvalidInput");
  expect_error(get(calls + "?referenceName=chr1&end=4294967296"), 400, "InvalidInput");
  expect_error(post(calls, R"({"regions":[{"referenceName":"chr1","start":7,"end":7}]})"), 400,
               "InvalidRange");
}

TEST_F(HtsgetVariantsTest, H15H27FieldsAndTagsAreOfReadsAndServiceInfoSaysSo) {
  begin();
  const auto plain = get(std::string(kCalls) + "?referenceName=chr2");
  EXPECT_EQ(joined(get(std::string(kCalls) + "?referenceName=chr2&fields=POS&tags=&notags=XX")),
            joined(plain));
  expect_error(get(std::string(kCalls) + "?tags=NM&notags=NM"), 400, "InvalidInput");
  const auto info = json::parse(get("/htsget/variants/service-info").body);
  EXPECT_EQ(info.at("id").as_string(), "medarc.htsget.variants");
  EXPECT_EQ(info.at("type").at("group").as_string(), "org.ga4gh");
  EXPECT_EQ(info.at("type").at("artifact").as_string(), "htsget");
  EXPECT_EQ(info.at("type").at("version").as_string(), "1.3.0");
  EXPECT_EQ(info.at("htsget").at("datatype").as_string(), "variants");
  EXPECT_EQ(json::serialize(info.at("htsget").at("formats")), R"(["VCF","BCF"])");
  EXPECT_FALSE(info.at("htsget").at("fieldsParameterEffective").as_bool());
  EXPECT_FALSE(info.at("htsget").at("tagsParametersEffective").as_bool());
}

TEST_F(HtsgetVariantsTest, H18H19H20H21PostAsksForManyRegions) {
  begin();
  const std::string body =
      R"({"regions":[{"referenceName":"chr2","start":5000,"end":6000},)"
      R"({"referenceName":"chr1","start":100,"end":2000},{"referenceName":"chr1","start":1500,"end":9000}]})";
  for (const char* path : {kCalls, kBinary}) {
    EXPECT_EQ(lines(joined(post(path, body))), original("chr1:101-9000,chr2:5001-6000"));
    expect_error(post(std::string(path) + "?format=VCF", body), 400, "InvalidInput");
    expect_error(post(path, R"({"regions":[]})"), 400, "InvalidInput");
    expect_error(post(path, R"({"regions":[{"start":1}]})"), 400, "InvalidInput");
    expect_error(post(path, "[1"), 400, "InvalidInput");
    expect_error(post(path, std::string(2 << 20, ' ')), 413, "PayloadTooLarge");
  }
}

TEST_F(HtsgetVariantsTest, H23H24H25H26LinkedPiecesGiveTheSameAndHonourAnyRange) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  begin(options);
  for (const char* path : {kCalls, kBinary}) {
    const auto ticket = get(std::string(path) + "?referenceName=chr1&start=1000&end=150000");
    EXPECT_EQ(lines(joined(ticket)), original("chr1:1001-150000"));
    int links = 0;
    for (const auto& one : urls_of(ticket)) {
      EXPECT_TRUE(one.as_object().contains("class"));
      const std::string url(one.at("url").as_string());
      if (!url.starts_with("http")) continue;
      ++links;
      const std::string piece = url.substr(url.find("/htsget/data/"));
      const auto whole = get(piece, {{"Authorization", "Bearer nonsense"}});
      EXPECT_EQ(whole.status, 200);
      EXPECT_EQ(whole.header("Content-Length"), std::to_string(whole.body.size()));
      const auto part = get(piece, {{"Range", "bytes=10-19"}});
      EXPECT_EQ(part.status, 206);
      EXPECT_EQ(part.body, whole.body.substr(10, 10));
    }
    EXPECT_GE(links, 2);
  }
}

TEST_F(HtsgetVariantsTest, H29NoContentCodingAndH31NoEncryptionPassedOver) {
  begin();
  EXPECT_EQ(get(kCalls, {{"Accept-Encoding", "gzip"}}).header("Content-Encoding"), "");
  expect_error(get(std::string(kCalls) + "?encryptionScheme=c4gh"), 400, "UnsupportedFormat");
}

TEST_F(HtsgetVariantsTest, H30BcftoolsReadsThroughTheTicketItself) {
  begin();
  for (const char* path : {kCalls, kBinary}) {
    const std::string url = "http://127.0.0.1:" + std::to_string(port()) + path +
                            "?referenceName=chr1&start=2000&end=30000";
    if (!test::runs_well({"bcftools", "view", "-h", url}))
      GTEST_SKIP() << "bcftools without libcurl";
    EXPECT_EQ(view({"-H", url}), original("chr1:2001-30000"));
  }
}

TEST_F(HtsgetVariantsTest, ASliceIsAFileOfItsOwnFormat) {
  begin();
  for (const auto& [id, format, type] :
       {std::tuple("calls", "vcf", "application/vnd.ga4gh.vcf"),
        std::tuple("binary", "bcf", "application/vnd.ga4gh.bcf")}) {
    const std::string at =
        std::string("/genomics/files/") + id + "/slice?region=chr1:5000-60000&region=chr2";
    const auto answer = get(at);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), type);
    EXPECT_EQ(lines(answer.body), original("chr1:5000-60000,chr2"));
    EXPECT_EQ(get(at + "&strict=true&format=" + format).body, answer.body);
    EXPECT_EQ(get(at + "&format=bam").status, 501);
    EXPECT_EQ(get(at + "&strict=perhaps").status, 400);
    EXPECT_EQ(get(at, {{"Range", "bytes=5-8"}}).body, answer.body.substr(5, 4));
  }
  EXPECT_EQ(get("/genomics/files/calls/slice?region=none").status, 404);
}

TEST_F(HtsgetVariantsTest, H30APlanTellsWhatASliceTakes) {
  begin();
  upload("reads", test::make_bam({.records = 5'000, .straddle = true}).bytes);
  for (const std::string id : {"calls", "binary", "reads"}) {
    const std::string at = "/genomics/files/" + id;
    const auto answer = get(at + "/plan?region=chr1:5000-60000");
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto plan = json::parse(answer.body).as_object();
    const auto number = [&](const char* name) { return plan.at(name).to_number<uint64_t>(); };
    const std::string slice = get(at + "/slice?region=chr1:5000-60000").body;
    EXPECT_EQ(number("headerBytes") + number("bodyBytes") + 28, slice.size());
    EXPECT_EQ(number("verbatimBytes") + number("recodedBytes"), number("bodyBytes"));
    const std::string found = id == "reads" ? records(slice) : lines(slice);
    EXPECT_EQ(number("recordsSent"),
              static_cast<uint64_t>(std::count(found.begin(), found.end(), '\n')));
    EXPECT_LE(plan.at("ratio").to_number<double>(), 1.05);
    EXPECT_TRUE(plan.at("strict").as_bool());
    EXPECT_EQ(get(at + "/plan?region=chr1:5000-60000&strict=false").body, answer.body)
        << "there is no relaxed mode";
  }
  EXPECT_EQ(get("/genomics/files/calls/plan?regions=chr1").status, 400);
  EXPECT_EQ(get("/genomics/files/none/plan").status, 404);
  EXPECT_EQ(post("/genomics/files?id=a/plan", vcf_).status, 400) << "the name is reserved";
}

TEST_F(HtsgetVariantsTest, APlanThatTakesTooLongIsRefused) {
  genomics::Limits limits;
  limits.recode_eager_bytes_max = 1;
  begin({}, limits);
  EXPECT_EQ(get("/genomics/files/calls/plan?region=chr1:5000-60000").status, 413);
}

}  // namespace
}  // namespace medarc::web

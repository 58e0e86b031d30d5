// htsget 1.3 end to end, statement by statement, with samtools as the judge of records.
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

class HtsgetTest : public GenomeTest {
 protected:
  HtsgetTest() {
    test::BamOptions o{.seed = 4,
                       .records = 6'000,
                       .unplaced = 300,
                       .straddle = true,
                       .long_deletion_every = 150,
                       .long_read_straddles = true};
    o.block_plain_bytes = 16'384;
    bam_ = test::make_bam(o).bytes;
    test::write_file(dir_ / "x.bam", bam_);
    test::run_tool({"samtools", "index", dir_ / "x.bam"});
  }
  void begin(GenomicsOptions options = {}, genomics::Limits limits = {}) {
    serve(options, limits);
    upload("reads", bam_);
  }
  std::string original(std::vector<std::string> more) {
    more.insert(more.begin(), {"samtools", "view"});
    return test::run_tool(more);
  }
  void expect_error(const HttpAnswer& answer, int status, const std::string& name) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(error_of(answer), name) << answer.body;
  }
  std::string bam_;
  static constexpr const char* kReads = "/htsget/reads/reads";
};

TEST_F(HtsgetTest, H01H02H22ATicketIsJsonOfItsTypeWithOneTopKey) {
  begin();
  const HttpAnswer ticket = get(std::string(kReads) + "?referenceName=chr1&start=100&end=5000");
  EXPECT_EQ(ticket.status, 200);
  EXPECT_EQ(ticket.header("Content-Type"),
            "application/vnd.ga4gh.htsget.v1.3.0+json; charset=utf-8");
  EXPECT_TRUE(ticket.body.starts_with("{\"htsget\":{"));
  const auto root = json::parse(ticket.body).as_object();
  EXPECT_EQ(root.size(), 1u);
  EXPECT_EQ(root.at("htsget").at("format").as_string(), "BAM");
}

TEST_F(HtsgetTest, H03H04H10ErrorsAreNamedAndShaped) {
  begin();
  expect_error(get("/htsget/reads/none"), 404, "NotFound");
  expect_error(get(std::string(kReads) + "?referenceName=chrNone"), 404, "NotFound");
  expect_error(get(std::string(kReads) + "?format=CRAM"), 400, "UnsupportedFormat");
  upload("letters", test::make_fastq());
  expect_error(get("/htsget/reads/letters"), 400, "UnsupportedFormat");
}

TEST_F(HtsgetTest, H06H24DataUrlsNeedNoCredentialAndCarryCors) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  begin(options);
  const auto preflight = test::http(port(), "OPTIONS", kReads,
                                    {{"Origin", "http://viewer"},
                                     {"Access-Control-Request-Method", "POST"},
                                     {"Access-Control-Request-Headers", "authorization"}});
  EXPECT_EQ(preflight.header("Access-Control-Max-Age"), "2592000");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Headers"), "authorization");
  const auto ticket = get(kReads, {{"Origin", "http://viewer"}});
  EXPECT_FALSE(ticket.header("Access-Control-Allow-Origin").empty());
  for (const auto& one : urls_of(ticket)) {
    const std::string url(one.at("url").as_string());
    if (url.starts_with("data:")) continue;
    const std::string path = url.substr(url.find("/htsget/data/"));
    const auto piece =
        get(path, {{"Origin", "http://viewer"}, {"Authorization", "Bearer nonsense"}});
    EXPECT_EQ(piece.status, 200);
    EXPECT_FALSE(piece.header("Access-Control-Allow-Origin").empty());
    EXPECT_FALSE(piece.header("Content-Length").empty());
    // A letter changed anywhere makes it nobody's.
    std::string altered = path;
    altered[altered.size() / 2] = altered[altered.size() / 2] == 'A' ? 'B' : 'A';
    EXPECT_EQ(get(altered).status, 403);
  }
}

TEST_F(HtsgetTest, H07IdsMayHoldSlashes) {
  serve();
  upload("study/one/reads", bam_);
  EXPECT_EQ(records(joined(get("/htsget/reads/study/one/reads?referenceName=chr2"))),
            original({dir_ / "x.bam", "chr2"}));
  EXPECT_EQ(get("/htsget/reads/study%2Fone%2Freads").status, 200);
  EXPECT_EQ(get("/genomics/files/study/one/reads/content").body, bam_);
  EXPECT_EQ(post("/genomics/files?id=service-info", bam_).status, 400);
}

TEST_F(HtsgetTest, H08H09ClassHeaderIsTheHeaderAlone) {
  begin();
  const std::string header = joined(get(std::string(kReads) + "?class=header&format=BAM"));
  EXPECT_EQ(records(header), "");
  EXPECT_EQ(records(header, {"--no-PG", "-H"}), original({"--no-PG", "-H", dir_ / "x.bam"}));
  expect_error(get(std::string(kReads) + "?class=body"), 400, "InvalidInput");
  expect_error(get(std::string(kReads) + "?class=header&referenceName=chr1&start=1"), 400,
               "InvalidInput");
  expect_error(get(std::string(kReads) + "?class=header&fields=FLAG"), 400, "InvalidInput");
  EXPECT_EQ(get(std::string(kReads) + "?class=header&referenceName=na").status, 200);
}

TEST_F(HtsgetTest, H09StrictlyEvenALoneReferenceNameIsRefused) {
  GenomicsOptions options;
  options.strict_header_class = true;
  begin(options);
  expect_error(get(std::string(kReads) + "?class=header&referenceName=na"), 400, "InvalidInput");
}

TEST_F(HtsgetTest, H10StarIsTheUnplacedReadsNothingIsEverything) {
  begin();
  EXPECT_EQ(records(joined(get(std::string(kReads) + "?referenceName=*"))),
            original({dir_ / "x.bam", "*"}));
  EXPECT_EQ(records(joined(get(kReads))), original({dir_ / "x.bam"}));
}

TEST_F(HtsgetTest, H11H12H14PositionsAreChecked) {
  begin();
  const std::string reads = kReads;
  expect_error(get(reads + "?start=1"), 400, "InvalidInput");
  expect_error(get(reads + "?end=1"), 400, "InvalidInput");
  expect_error(get(reads + "?referenceName=*&start=1"), 400, "InvalidInput");
  expect_error(get(reads + "?referenceName=chr1&start=5&end=4"), 400, "InvalidRange");
  expect_error(get(reads + "?referenceName=chr1&start=-1"), 400, "InvalidInput");
  expect_error(get(reads + "?referenceName=chr1&end=4294967296"), 400, "InvalidInput");
  expect_error(get(reads + "?referenceName=chr1&start=x"), 400, "InvalidInput");
  EXPECT_EQ(records(joined(get(reads + "?referenceName=chr1&start=7&end=7"))), "");
  EXPECT_EQ(records(joined(get(reads + "?referenceName=chr1&start=100&end=200"))),
            original({dir_ / "x.bam", "chr1:101-200"}));
}

TEST_F(HtsgetTest, H13PostRangesMustNotBeEmpty) {
  begin();
  expect_error(post(kReads, R"({"regions":[{"referenceName":"chr1","start":7,"end":7}]})"), 400,
               "InvalidRange");
}

TEST_F(HtsgetTest, H15H17FieldsAndTagsAreReallyLeftOut) {
  begin();
  const std::string reads = kReads;
  expect_error(get(reads + "?tags=NM,MD&notags=MD"), 400, "InvalidInput");
  expect_error(get(reads + "?fields=FLAG,NOSUCH"), 400, "InvalidInput");
  const std::string few =
      records(joined(get(reads + "?referenceName=chr2&fields=QNAME,FLAG,RNAME,POS,QUAL&tags=")));
  const std::string whole = original({dir_ / "x.bam", "chr2"});
  EXPECT_EQ(std::count(few.begin(), few.end(), '\n'), std::count(whole.begin(), whole.end(), '\n'));
  std::istringstream lines(few), originals(whole);
  for (std::string line, before; std::getline(lines, line) && std::getline(originals, before);) {
    std::istringstream words(line), words_before(before);
    std::string word, word_before;
    for (int i = 0; std::getline(words, word, '\t'); ++i) {
      std::getline(words_before, word_before, '\t');
      if (i < 4) {
        EXPECT_EQ(word, word_before);
      } else if (i == 9 || i == 10) {
        EXPECT_EQ(word, "*") << "QUAL without SEQ would be no valid record";
      }
      EXPECT_LE(i, 10) << "a tag is left: " << word;
    }
  }
}

TEST_F(HtsgetTest, H16AnEmptyAnswerIsAWholeFile) {
  begin();
  EXPECT_EQ(records(joined(get(std::string(kReads) + "?referenceName=HLA:DRB1*1&start=4999"))),
            original({dir_ / "x.bam", "{HLA:DRB1*1}:5000-5000"}));
}

TEST_F(HtsgetTest, H18H19H20H21PostAsksForManyRegions) {
  begin();
  const std::string body =
      R"({"format":"BAM","regions":[{"referenceName":"chr2","start":5000,"end":6000},)"
      R"({"referenceName":"chr1","start":100,"end":2000},{"referenceName":"chr1","start":1500,"end":9000}]})";
  EXPECT_EQ(records(joined(post(kReads, body))),
            original({"-M", dir_ / "x.bam", "chr1:101-2000", "chr1:1501-9000", "chr2:5001-6000"}));
  expect_error(post(std::string(kReads) + "?format=BAM", body), 400, "InvalidInput");
  expect_error(post(kReads, R"({"regions":[]})"), 400, "InvalidInput");
  expect_error(post(kReads, R"({"regions":[{"start":1}]})"), 400, "InvalidInput");
  expect_error(post(kReads, R"({"regions":"chr1"})"), 400, "InvalidInput");
  expect_error(post(kReads, "[1"), 400, "InvalidInput");
  expect_error(post(kReads, "[[[[[[[[[[[[1]]]]]]]]]]]]"), 400, "InvalidInput");
  expect_error(post(kReads, R"({"class":"header","regions":[{"referenceName":"chr1"}]})"), 400,
               "InvalidInput");
  expect_error(post(kReads, std::string(2 << 20, ' ')), 413, "PayloadTooLarge");
}

TEST_F(HtsgetTest, H20MoreRegionsThanTheLimitAreRefused) {
  genomics::Limits limits;
  limits.regions_max = 2;
  begin({}, limits);
  expect_error(post(kReads, R"({"regions":[{"referenceName":"chr1"},{"referenceName":"chr1"},)"
                            R"({"referenceName":"chr1"}]})"),
               413, "PayloadTooLarge");
}

TEST_F(HtsgetTest, H23EveryUrlHasAClass) {
  begin();
  const auto ticket = get(std::string(kReads) + "?referenceName=chr1");
  std::string classes;
  for (const auto& one : urls_of(ticket)) {
    classes += one.at("class").as_string() == "header" ? 'h' : 'b';
  }
  EXPECT_EQ(classes.find_first_of('b'), classes.find_last_of('h') + 1) << classes;
}

TEST_F(HtsgetTest, H25H26PiecesNotInlinedGiveTheSameAndHonourAnyRange) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  begin(options);
  const std::string body =
      R"({"regions":[{"referenceName":"chr1","start":1000,"end":90000},{"referenceName":"chr2","start":7,"end":9000}]})";
  const auto ticket = post(kReads, body);
  EXPECT_EQ(records(joined(ticket)),
            original({"-M", dir_ / "x.bam", "chr1:1001-90000", "chr2:8-9000"}));
  int links = 0;
  for (const auto& one : urls_of(ticket)) {
    const std::string url(one.at("url").as_string());
    if (!url.starts_with("http")) continue;
    ++links;
    const std::string path = url.substr(url.find("/htsget/data/"));
    const auto whole = get(path);
    const auto part = get(path, {{"Range", "bytes=10-19"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, whole.body.substr(10, 10));
    const auto rest = get(path, {{"Range", "bytes=20-"}});
    EXPECT_EQ(rest.body, whole.body.substr(20));
  }
  EXPECT_GE(links, 2);
}

// Nothing waits for a ticket while records are coded anew, unless they are few.
TEST_F(HtsgetTest, H25ManyRecordsCodedAnewAreLinks) {
  const auto links = [&](uint64_t coded_max) {
    GenomicsOptions options;
    options.inline_coded_bytes_max = coded_max;
    serve(options, {});
    const auto ticket = get(std::string(kReads) + "?referenceName=chr1&start=1000&end=90000");
    EXPECT_EQ(records(joined(ticket)), original({"-M", dir_ / "x.bam", "chr1:1001-90000"}));
    size_t count = 0;
    for (const auto& one : urls_of(ticket))
      count += !one.at("url").as_string().starts_with("data:");
    return count;
  };
  begin();
  const size_t none_inside = links(0), all_inside = links(4u << 20);
  EXPECT_GT(none_inside, all_inside);
}

TEST_F(HtsgetTest, H24AnExpiredLinkIsRefused) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  options.ticket_ttl_ms = 1;  // seconds are what a link holds: over at once
  begin(options);
  const json::array urls = urls_of(get(kReads));
  const std::string url(urls.at(0).at("url").as_string());
  const auto answer = get(url.substr(url.find("/htsget/data/")));
  expect_error(answer, 403, "PermissionDenied");
}

TEST_F(HtsgetTest, H24ALinkOfARemovedFileIsDead) {
  GenomicsOptions options;
  options.inline_bytes_max = 0;
  begin(options);
  const json::array urls = urls_of(get(kReads));
  const std::string url(urls.at(0).at("url").as_string());
  EXPECT_EQ(test::http(port(), "DELETE", "/genomics/files/reads").status, 204);
  expect_error(get(url.substr(url.find("/htsget/data/"))), 404, "NotFound");
}

TEST_F(HtsgetTest, H27ServiceInfoTellsWhatIsTrue) {
  begin();
  const auto info = json::parse(get("/htsget/reads/service-info").body);
  EXPECT_EQ(info.at("type").at("artifact").as_string(), "htsget");
  EXPECT_EQ(info.at("type").at("version").as_string(), "1.3.0");
  EXPECT_TRUE(info.at("htsget").at("fieldsParameterEffective").as_bool());
  EXPECT_TRUE(info.at("htsget").at("tagsParametersEffective").as_bool());
}

TEST_F(HtsgetTest, H29NoContentCodingOnTickets) {
  begin();
  const auto ticket = get(kReads, {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(ticket.header("Content-Encoding"), "");
}

TEST_F(HtsgetTest, H31AnEncryptionThatIsNotOfferedIsNotPassedOver) {
  begin();
  expect_error(get(std::string(kReads) + "?encryptionScheme=c4gh"), 400, "UnsupportedFormat");
}

TEST_F(HtsgetTest, H30SamtoolsReadsThroughTheTicketItself) {
  begin();
  // HTSlib speaks htsget: it recognises the ticket by its first bytes.
  const std::string url = "http://127.0.0.1:" + std::to_string(port()) + kReads +
                          "?referenceName=chr1&start=2000&end=30000";
  if (!test::runs_well({"samtools", "view", "-H", url})) GTEST_SKIP() << "samtools without libcurl";
  EXPECT_EQ(test::run_tool({"samtools", "view", url}),
            original({dir_ / "x.bam", "chr1:2001-30000"}));
}

}  // namespace
}  // namespace medarc::web

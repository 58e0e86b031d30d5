// Reads at the door: slices in every form, depths, pileups, names that viewers derive, and files
// that are not sorted, before and after their derivative is made.
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

#include "base/metrics.h"
#include "genomics/sorting.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

class ReadsTest : public GenomeTest {
 protected:
  // "one", sorted, with x.bam for samtools.
  void serve_one(GenomicsOptions options = {}, genomics::Limits limits = {}) {
    serve(options, limits);
    bam_ = test::make_bam({.seed = 51, .records = 4'000, .straddle = true}).bytes;
    upload("one", bam_);
    test::write_file(dir_ / "x.bam", bam_);
    test::run_tool({"samtools", "index", dir_ / "x.bam"});
  }
  std::string samtools(std::vector<std::string> words,
                       const std::vector<std::string>& regions = {}) {
    words.insert(words.begin(), "samtools");
    words.push_back(dir_ / "x.bam");
    words.insert(words.end(), regions.begin(), regions.end());
    return test::run_tool(words);
  }
  // What is told of a file's derivatives of a kind ("sorted", with "sorted.index" and the like).
  std::vector<json::object> derivatives_of(const std::string& id, const std::string& kind) {
    std::vector<json::object> out;
    const json::value file = json::parse(get("/genomics/files/" + id).body);
    for (const json::value& one : file.at("derivatives").as_array()) {
      const std::string role(one.at("role").as_string());
      if (role.substr(0, role.find('.')) == kind) out.push_back(one.as_object());
    }
    return out;
  }
  std::string bam_;
};

constexpr const char* kSlice = "/genomics/files/one/slice?region=chr1:1001-20000";

TEST_F(ReadsTest, SamSlicesEqualSamtoolsView) {
  serve_one();
  const auto sam = get(std::string(kSlice) + "&region=chr2:1-3,000&format=sam");
  ASSERT_EQ(sam.status, 200) << sam.body;
  EXPECT_EQ(sam.header("Content-Type"), "text/x-sam");
  EXPECT_EQ(sam.body,
            samtools({"view", "-h", "--no-PG", "-M"}, {"chr1:1001-20000", "chr2:1-3000"}));
  EXPECT_EQ(get("/genomics/files/one/slice?format=sam&header=false&region=*").body,
            samtools({"view"}, {"*"}));
  EXPECT_EQ(get("/genomics/files/one/slice?format=sam&region=chr1:190000-").body,
            samtools({"view", "-h", "--no-PG"}, {"chr1:190000-"}));
  EXPECT_EQ(get("/genomics/files/one/slice?format=sam").body, samtools({"view", "-h", "--no-PG"}));
  EXPECT_EQ(get("/genomics/files/one/slice?format=sam&class=header").body,
            samtools({"view", "-H", "--no-PG"}));
  EXPECT_EQ(get(std::string(kSlice) + "&format=sam&header=false&notags=NM").body,
            samtools({"view", "-x", "NM"}, {"chr1:1001-20000"}));
}

TEST_F(ReadsTest, ClassHeaderOfABamIsAWholeFile) {
  serve_one();
  const auto header = get("/genomics/files/one/slice?class=header");
  ASSERT_EQ(header.status, 200);
  EXPECT_EQ(records(header.body), "");
  EXPECT_EQ(records(header.body, {"-H", "--no-PG"}), samtools({"view", "-H", "--no-PG"}));
}

TEST_F(ReadsTest, TheFormIsNegotiated) {
  serve_one();
  const auto type = [&](const std::string& accept, const std::string& more = "") {
    const auto answer = get(std::string(kSlice) + more, {{"Accept", accept}});
    return answer.status == 200 ? answer.header("Content-Type") : std::to_string(answer.status);
  };
  EXPECT_EQ(type("*/*"), "application/vnd.ga4gh.bam");
  EXPECT_EQ(type("application/json"), "application/json");
  EXPECT_EQ(type("application/x-ndjson"), "application/x-ndjson");
  EXPECT_EQ(type("text/plain;q=0.5, application/jsonl"), "application/x-ndjson");
  EXPECT_EQ(type("text/html, text/plain;q=0.9"), "text/x-sam");
  EXPECT_EQ(type("text/html, */*;q=0.1"), "application/vnd.ga4gh.bam");
  EXPECT_EQ(type("image/png"), "406");
  EXPECT_EQ(type("image/png", "&format=json"), "application/json") << "format says it";
  const auto json = get(kSlice, {{"Accept", "application/json"}});
  std::string expected = samtools({"view", "-c"}, {"chr1:1001-20000"});
  EXPECT_EQ(std::to_string(json::parse(json.body).as_array().size()) + "\n", expected);
  const auto lines = get(kSlice, {{"Accept", "application/x-ndjson"}});
  EXPECT_EQ(std::to_string(std::count(lines.body.begin(), lines.body.end(), '\n')) + "\n",
            expected);
  EXPECT_NE(json.header("ETag"), lines.header("ETag"));
  EXPECT_EQ(
      get(kSlice, {{"Accept", "application/json"}, {"If-None-Match", json.header("ETag")}}).status,
      304);
}

TEST_F(ReadsTest, FieldsAndTagsAreThoseOfHtsget) {
  serve_one();
  const std::string masked = std::string(kSlice) + "&fields=QNAME,POS&tags=NM";
  const auto one = json::parse(get(masked + "&format=json").body).as_array().at(0).as_object();
  EXPECT_EQ(one.size(), 3u);
  EXPECT_TRUE(one.contains("qname") && one.contains("pos") && one.contains("tags"));
  const auto ticket =
      get("/htsget/reads/one?referenceName=chr1&start=1000&end=20000&fields=QNAME,POS&tags=NM");
  EXPECT_EQ(records(get(masked).body), records(joined(ticket)));
  EXPECT_NE(get(masked).header("ETag"), get(kSlice).header("ETag"));
}

TEST_F(ReadsTest, H15AndOtherContradictionsAreRefused) {
  serve_one();
  for (const char* wrong :
       {"&tags=NM&notags=NM", "&fields=NAME", "&tags=NMX", "&class=body", "&class=header",
        "&header=maybe", "&header=false", "&strict=perhaps", "&region=chr1:2-1"}) {
    EXPECT_EQ(get(std::string(kSlice) + wrong).status, 400) << wrong;
  }
  EXPECT_EQ(get(std::string(kSlice) + "&format=vcf").status, 501);
  upload("reads", test::make_fastq({.records = 10}));
  EXPECT_EQ(get("/genomics/files/reads/slice").status, 501);
  EXPECT_EQ(get("/genomics/files/reads/pileup?region=a").status, 501);
}

TEST_F(ReadsTest, DepthsEqualSamtoolsDepth) {
  serve_one();
  const auto tsv = get("/genomics/files/one/depth?region=chr1:1001-60000&format=tsv");
  ASSERT_EQ(tsv.status, 200) << tsv.body;
  const std::string theirs = samtools({"depth", "-a", "-r", "chr1:1001-60000"});
  EXPECT_TRUE(tsv.body == theirs);
  EXPECT_EQ(get("/genomics/files/one/depth?region=chr1:1001-60000",
                {{"Accept", "text/tab-separated-values"}})
                .body,
            theirs);
  const auto json =
      json::parse(get("/genomics/files/one/depth?region=chr1:1001-1100&minMapq=20").body)
          .as_object();
  EXPECT_EQ(json.at("start").to_number<int>(), 1001);
  EXPECT_EQ(json.at("end").to_number<int>(), 1100);
  EXPECT_EQ(json.at("minMapq").to_number<int>(), 20);
  std::string joined;
  for (const auto& depth : json.at("depths").as_array()) {
    joined += "chr1\t" + std::to_string(1001 + std::count(joined.begin(), joined.end(), '\n')) +
              "\t" + json::serialize(depth) + "\n";
  }
  EXPECT_EQ(joined, samtools({"depth", "-a", "-Q", "20", "-r", "chr1:1001-1100"}));
  EXPECT_EQ(
      get("/genomics/files/one/depth?region=chr1:1-9&includeSecondary=true&includeQcFail=true&"
          "includeDuplicates=true&includeDeletions=true&minBaseq=3&format=tsv")
          .body,
      samtools({"depth", "-a", "-J", "-q", "3", "-g", "SECONDARY,QCFAIL,DUP", "-r", "chr1:1-9"}));
}

TEST_F(ReadsTest, DepthsAndPileupsAreRefusedWithAReason) {
  genomics::Limits limits;
  limits.depth_bases_max = limits.pileup_bases_max = 100;
  serve_one({}, limits);
  for (const char* route : {"depth", "pileup"}) {
    const std::string base = std::string("/genomics/files/one/") + route;
    EXPECT_EQ(get(base).status, 400);
    EXPECT_EQ(get(base + "?region=chr1:1-2&region=chr1:3-4").status, 400);
    EXPECT_EQ(get(base + "?region=chrX").status, 404);
    EXPECT_EQ(get(base + "?region=*").status, 400);
    EXPECT_EQ(get(base + "?region=chr1:1-101").status, 413);
    EXPECT_EQ(get(base + "?region=chr1:1-100").status, 200);
    EXPECT_EQ(get(base + "?region=chr1:1-2&minMapq=256").status, 400);
    EXPECT_EQ(get(base + "?region=chr1:1-2&what=1").status, 400);
    EXPECT_EQ(get("/genomics/files/none/" + std::string(route) + "?region=a").status, 404);
  }
  EXPECT_EQ(get("/genomics/files/one/depth?region=chr1:1-2", {{"Accept", "image/png"}}).status,
            406);
  EXPECT_EQ(get("/genomics/files/one/depth?region=chr1:1-2&format=bigwig").status, 501);
}

TEST_F(ReadsTest, APileupIsJson) {
  serve_one();
  const auto answer = get("/genomics/files/one/pileup?region=chr1:5000-5100&reads=true");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto pileup = json::parse(answer.body).as_object();
  EXPECT_EQ(pileup.at("reference").as_string(), "chr1");
  std::istringstream theirs(samtools({"mpileup", "-B", "-r", "chr1:5000-5100"}));
  size_t i = 0;
  for (std::string line; std::getline(theirs, line); ++i) {
    std::istringstream fields(line);
    std::string name, position, reference, depth;
    fields >> name >> position >> reference >> depth;
    const json::object& column = pileup.at("positions").as_array().at(i).as_object();
    EXPECT_EQ(json::serialize(column.at("position")), position);
    EXPECT_EQ(json::serialize(column.at("depth")), depth);
    EXPECT_EQ(std::to_string(column.at("reads").as_array().size()), depth);
  }
  EXPECT_EQ(i, pileup.at("positions").as_array().size());
  EXPECT_FALSE(json::parse(get("/genomics/files/one/pileup?region=chr1:5000-5000").body)
                   .at("positions")
                   .as_array()
                   .at(0)
                   .as_object()
                   .contains("reads"));
}

TEST_F(ReadsTest, FilesHaveNamesFromWhichTheIndexIsFound) {
  serve_one();
  upload("a/b", test::make_bam({.records = 50}).bytes);
  EXPECT_EQ(get("/genomics/files/one/one.bam").body, bam_);
  EXPECT_EQ(get("/genomics/files/one/one.bam.bai").body, get("/genomics/files/one/index").body);
  EXPECT_EQ(get("/genomics/files/one/one.bam.csi").status, 404) << "it has a BAI";
  EXPECT_EQ(get("/genomics/files/one/one.vcf.gz").status, 404);
  EXPECT_EQ(get("/genomics/files/one/two.bam").status, 404);
  EXPECT_EQ(get("/genomics/files/a/b/b.bam", {{"Range", "bytes=0-1"}}).status, 206);
  EXPECT_EQ(get("/genomics/files/a/b/b.bam.bai").status, 200);
  upload("one/one.bam", test::make_fastq({.records = 3}));
  EXPECT_EQ(json::parse(get("/genomics/files/one/one.bam").body).at("id").as_string(),
            "one/one.bam")
      << "a file's own id goes first";
}

// What HTSlib and pysam do with a URL: the header, the index beside it, then open-ended ranges.
TEST_F(ReadsTest, SamtoolsReadsRegionsOverHttp) {
  serve_one();
  const std::string base = "http://127.0.0.1:" + std::to_string(port()) + "/genomics/files/one/";
  const std::string expected = samtools({"view"}, {"chr1:50000-60000"});
  // It keeps a copy of the index in the working directory.
  for (const std::string& url : {base + "content##idx##" + base + "index", base + "one.bam"}) {
    EXPECT_EQ(
        test::run_tool({"env", "-C", dir_.path(), "samtools", "view", url, "chr1:50000-60000"}),
        expected)
        << url;
  }
}

// A client that asks for everything from a place on, and goes away: it is not read to the end.
TEST_F(ReadsTest, AnOpenEndedRangeIsReadAsItIsTaken) {
  serve();
  std::string fastq;
  const std::string record =
      "@r\n" + std::string(1000, 'A') + "\n+\n" + std::string(1000, 'I') + "\n";
  while (fastq.size() < 24u << 20) fastq += record;
  upload("one", fastq);
  const Counter& read = counter("medarc_genome_bytes_read_total", "");
  const Gauge& connections = gauge("medarc_http_connections", "");
  const uint64_t before = read.value();
  {
    test::HttpClient client(port());
    ASSERT_TRUE(client.send(
        "GET /genomics/files/one/content HTTP/1.1\r\nHost: x\r\nRange: bytes=1000-\r\n\r\n"));
    std::string head(100, '\0');
    ASSERT_GT(recv(client.descriptor(), head.data(), head.size(), 0), 0);
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (connections.value() > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ASSERT_EQ(connections.value(), 0) << "the server has seen that the client is gone";
  EXPECT_GT(read.value() - before, 0u);
  EXPECT_LT(read.value() - before, fastq.size() - (8u << 20)) << "what a socket holds, and a piece";
}

// Not sorted: honest while it is being sorted, then answered from the derivative.
class UnsortedTest : public ReadsTest {
 protected:
  void start_sorting() {
    auto jobs = index::Jobs::open(*index_, {});
    ASSERT_TRUE(jobs.has_value());
    jobs_ = std::move(*jobs);
    auto sorting = genomics::Sorting::open(posix_fs(), dir_ / "temporary", *index_, *jobs_, *guard_,
                                           {}, {}, "medarc 1");
    ASSERT_TRUE(sorting.has_value());
    sorting_ = std::move(*sorting);
    jobs_->handle(genomics::kSortJob, sorting_->handler());
    store_->sorted_by(sorting_.get());
  }
  void sort_all() {
    jobs_->start();
    sorting_->start();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (get("/genomics/files/u/content?derivative=sorted").status != 200) {
      ASSERT_LT(std::chrono::steady_clock::now(), until);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  ~UnsortedTest() override {
    server_.reset();
    if (jobs_) jobs_->stop();
    sorting_.reset();
    jobs_.reset();
  }
  std::unique_ptr<index::Jobs> jobs_;
  std::unique_ptr<genomics::Sorting> sorting_;
};

TEST_F(UnsortedTest, D06WhatIsBeingSortedIsPutOffAndThenThere) {
  serve();
  start_sorting();
  const std::string bam = test::make_bam({.seed = 53, .records = 3'000, .sorted = false}).bytes;
  const auto stored = upload("u", bam);
  const std::string link(stored.at("links").at("drs").as_string());
  const std::string object = link.substr(link.find("/ga4gh/"));
  const auto method = [&] { return json::parse(get(object).body).at("access_methods").at(1); };
  EXPECT_FALSE(method().at("available").as_bool());
  EXPECT_FALSE(method().as_object().contains("access_url"));
  const auto later = get(object + "/access/htsget");
  EXPECT_EQ(later.status, 202);
  EXPECT_GT(std::stoi(later.header("Retry-After")), 0);
  sort_all();
  EXPECT_TRUE(method().at("available").as_bool());
  const auto url = [](const test::HttpAnswer& answer) {
    const std::string text(json::parse(answer.body).at("url").as_string());
    return text.substr(text.find('/', 8));
  };
  const std::string slice = "?referenceName=chr1&start=999&end=50000";
  const std::string expected = records(joined(get("/htsget/reads/u" + slice)));
  EXPECT_EQ(records(joined(get(url(get(object + "/access/htsget")) + slice))), expected);
  // The sorted derivative and its index are objects of their own.
  for (const json::object& one : derivatives_of("u", "sorted")) {
    const std::string role(one.at("role").as_string());
    const std::string id = "file~u~" + std::string(one.at("sha256").as_string());
    const auto answer = get("/ga4gh/drs/v1/objects/" + id);
    EXPECT_EQ(answer.status, role == "sorted.map" ? 404 : 200) << role;
    if (role == "sorted.map") continue;
    EXPECT_EQ(json::parse(answer.body).at("name").as_string(),
              role == "sorted" ? "u.sorted.bam" : "u.sorted.bam.bai");
    EXPECT_EQ(get(url(get("/ga4gh/drs/v1/objects/" + id + "/access/https"))).body,
              get("/genomics/files/u/attachments/" + role).body);
  }
}

TEST_F(UnsortedTest, BeforeAndAfter) {
  serve();
  start_sorting();
  const std::string bam = test::make_bam({.seed = 53, .records = 3'000, .sorted = false}).bytes;
  const json::value stored = upload("u", bam);
  EXPECT_EQ(stored.at("derivatives"), json::parse(get("/genomics/files/u").body).at("derivatives"));
  for (const char* waiting :
       {"slice?region=chr1:1-100", "slice?region=chr1&format=sam", "depth?region=chr1:1-100",
        "pileup?region=chr1:1-100", "content?derivative=sorted", "index?derivative=sorted",
        "u.sorted.bam.bai"}) {
    const auto answer = get(std::string("/genomics/files/u/") + waiting);
    EXPECT_EQ(answer.status, 503) << waiting;
    EXPECT_FALSE(answer.header("Retry-After").empty());
  }
  const auto refused = get("/htsget/reads/u?referenceName=chr1");
  EXPECT_EQ(refused.status, 503);
  EXPECT_FALSE(refused.header("Retry-After").empty());
  EXPECT_EQ(get("/genomics/files/u/slice?class=header").status, 200);
  const auto told = derivatives_of("u", "sorted").at(0);
  EXPECT_EQ(told.at("role").as_string(), "sorted");
  EXPECT_EQ(told.at("state").as_string(), "waiting");

  sort_all();
  test::write_file(dir_ / "in.bam", bam);
  test::run_tool({"samtools", "sort", "-o", dir_ / "x.bam", dir_ / "in.bam"});
  test::run_tool({"samtools", "index", dir_ / "x.bam"});
  const std::string expected = samtools({"view"}, {"chr1:1000-50000"});
  EXPECT_EQ(get("/genomics/files/u/content").body, bam) << "the original stays";
  EXPECT_EQ(records(get("/genomics/files/u/content?derivative=sorted").body), samtools({"view"}));
  EXPECT_EQ(records(get("/genomics/files/u/slice?region=chr1:1000-50000").body), expected);
  EXPECT_EQ(records(joined(get("/htsget/reads/u?referenceName=chr1&start=999&end=50000"))),
            expected);
  EXPECT_EQ(get("/genomics/files/u/slice?region=chr1:1000-50000&format=sam&header=false").body,
            expected);
  EXPECT_EQ(get("/genomics/files/u/depth?region=chr1:1000-5000&format=tsv").body,
            samtools({"depth", "-a", "-r", "chr1:1000-5000"}));
  const std::string base = "http://127.0.0.1:" + std::to_string(port()) + "/genomics/files/u/";
  EXPECT_EQ(test::run_tool({"env", "-C", dir_.path(), "samtools", "view", base + "u.sorted.bam",
                            "chr1:1000-50000"}),
            expected);
  EXPECT_EQ(
      get("/genomics/files/u/content?derivative=sorted", {{"Range", "bytes=0-9"}}).body.size(),
      10u);
  // The index of other bytes would make clients read nonsense.
  const auto index = get("/genomics/files/u/index");
  EXPECT_EQ(index.status, 404);
  EXPECT_NE(index.body.find("index?derivative=sorted"), std::string::npos);
  EXPECT_EQ(get("/genomics/files/u/content?derivative=other").status, 400);

  const auto file = json::parse(get("/genomics/files/u").body).as_object();
  const auto made = derivatives_of("u", "sorted");
  ASSERT_EQ(made.size(), 3u);
  EXPECT_EQ(made[0].at("role").as_string(), "sorted");
  EXPECT_EQ(made[0].at("state").as_string(), "made");
  EXPECT_EQ(made[0].at("from").as_string(), file.at("sha256").as_string());
  EXPECT_EQ(made[0].at("by").as_string(), "medarc 1");
  EXPECT_GE(made[0].at("made").as_string(), file.at("received").as_string());
  EXPECT_EQ(get("/genomics/files/u/content?derivative=sorted").header("ETag"),
            "\"" + std::string(made[0].at("sha256").as_string()) + "\"");
  EXPECT_TRUE(file.at("links").as_object().contains("sortedContent"));
}

}  // namespace
}  // namespace medarc::web

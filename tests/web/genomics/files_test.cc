// /genomics/files end to end.
#include <set>

#include "archive/hash.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;

class FilesTest : public GenomeTest {};

std::string md5_of(const std::string& bytes) {
  archive::Md5 md5;
  md5.update(bytes);
  return md5.finish_hex();
}

TEST_F(FilesTest, AnUploadIsDescribedAndComesBack) {
  serve();
  const std::string bam = test::make_bam({.samples = {"S1", "S2"}}).bytes;
  const auto answer = post("/genomics/files?name=a%20b.bam&sample=extra&id=one", bam);
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_TRUE(answer.header("Location").ends_with("/genomics/files/one"));
  const auto file = json::parse(answer.body).as_object();
  EXPECT_EQ(file.at("id").as_string(), "one");
  EXPECT_EQ(file.at("name").as_string(), "a b.bam");
  EXPECT_EQ(file.at("format").as_string(), "bam");
  EXPECT_EQ(file.at("size").as_int64(), static_cast<int64_t>(bam.size()));
  EXPECT_EQ(file.at("sha256").as_string(), archive::Sha256::of(bam).hex());
  EXPECT_EQ(file.at("md5").as_string(), md5_of(bam));
  EXPECT_EQ(json::serialize(file.at("samples")), R"(["extra","S1","S2"])");
  EXPECT_EQ(file.at("statistics").at("records").as_int64(), 2020);
  const auto content = get("/genomics/files/one/content");
  EXPECT_EQ(content.body, bam);
  EXPECT_EQ(content.header("ETag"), '"' + archive::Sha256::of(bam).hex() + '"');
  EXPECT_EQ(content.header("Repr-Digest"),
            "sha-256=:" + to_base64(archive::Sha256::of(bam).view()) + ":");
  EXPECT_EQ(get("/genomics/files/one/content", {{"Range", "bytes=-28"}}).body,
            bam.substr(bam.size() - 28));
  EXPECT_EQ(get("/genomics/files/one/content", {{"If-None-Match", content.header("ETag")}}).status, 304);
  EXPECT_EQ(get("/genomics/files/one/content", {{"Range", "bytes=99999999-"}}).status, 416);
  EXPECT_EQ(json::parse(get("/genomics/files/one").body), json::parse(answer.body));
}

TEST_F(FilesTest, TheIndexWorksForSamtools) {
  serve();
  const std::string bam = test::make_bam().bytes;
  upload("one", bam);
  test::write_file(dir_ / "x.bam", bam);
  test::write_file(dir_ / "x.bam.bai", get("/genomics/files/one/index").body);
  test::write_file(dir_ / "y.bam", bam);
  test::run_tool({"samtools", "index", dir_ / "y.bam"});
  EXPECT_EQ(test::run_tool({"samtools", "view", dir_ / "x.bam", "chr1:1000-20000"}),
            test::run_tool({"samtools", "view", dir_ / "y.bam", "chr1:1000-20000"}));
  EXPECT_EQ(test::run_tool({"samtools", "idxstats", dir_ / "x.bam"}),
            test::run_tool({"samtools", "idxstats", dir_ / "y.bam"}));
}

TEST_F(FilesTest, AnIndexOfOthersIsChecked) {
  genomics::Limits limits;
  limits.index_bytes_max = 100'000;
  serve({}, limits);
  upload("a/b", test::make_bam({.seed = 1}).bytes);
  upload("other", test::make_bam({.seed = 2}).bytes);
  upload("reads", test::make_fastq({.records = 5}));
  const std::string own = get("/genomics/files/other/index").body;
  const auto ask = [&](const std::string& id, const std::string& index) {
    return post("/genomics/files/" + id + "/index", index);
  };
  EXPECT_EQ(ask("other", own).body, R"({"index":"bai","verdict":"same","reason":""})");
  const auto stale = json::parse(ask("a/b", own).body);
  EXPECT_EQ(stale.at("verdict").as_string(), "stale");
  EXPECT_FALSE(stale.at("reason").as_string().empty());
  EXPECT_EQ(get("/genomics/files/other/index").body, own) << "ours stays";
  EXPECT_EQ(ask("other", "what?").status, 400);
  EXPECT_EQ(ask("other", std::string(100'001, 'x')).status, 413);
  EXPECT_EQ(ask("reads", own).status, 404);
  EXPECT_EQ(ask("nothing", own).status, 404);
  EXPECT_EQ(post("/genomics/files/other", own).status, 404);
}

TEST_F(FilesTest, DeclaredDigestsAreVerified) {
  serve();
  const std::string letters = test::make_fastq();
  const std::string other = to_base64(archive::Sha256::of("other").view());
  const std::string own = to_base64(archive::Sha256::of(letters).view());
  const std::string target = "/genomics/files?id=one";
  EXPECT_EQ(post(target, letters, {{"Repr-Digest", "sha-256=:" + other + ":"}}).status, 400);
  EXPECT_EQ(post(target, letters, {{"Content-MD5", to_base64(std::string(16, 'x'))}}).status, 400);
  EXPECT_EQ(post(target, letters, {{"Repr-Digest", "sha-256=nonsense"}}).status, 400);
  EXPECT_EQ(get("/genomics/files/one").status, 404) << "nothing stays of what was refused";
  EXPECT_EQ(post(target, letters,
                 {{"Repr-Digest", "sha-512=:AAAA:, sha-256=:" + own + ":"},
                  {"Content-MD5", to_base64(*from_hex(md5_of(letters)))}})
                .status,
            201);
}

TEST_F(FilesTest, WhatIsNoGenomeOrDamagedIsRefusedWithTheReasonAndNothingStays) {
  serve();
  const std::string bam = test::make_bam().bytes;
  struct Case {
    std::string bytes, says;
    int status;
  };
  std::string flipped = bam;
  flipped[bam.size() / 2] = static_cast<char>(flipped[bam.size() / 2] ^ 0x40);
  const std::vector<Case> cases = {
      {"", "empty", 400},
      {"hello, this is text", "neither", 400},
      {"@HD\tVN:1.6\n", "SAM", 415},
      {bam.substr(0, bam.size() / 2), "", 400},
      {bam.substr(0, bam.size() - 28), "end-of-file marker", 400},
      {flipped, "", 400},
      {"@a\nACGT\n+\nIII\n", "", 400},
      {test::gzip(test::make_fastq()).substr(0, 5000), "", 400},
  };
  for (const Case& c : cases) {
    const auto answer = post("/genomics/files", c.bytes);
    EXPECT_EQ(answer.status, c.status) << answer.body;
    EXPECT_NE(answer.body.find(c.says), std::string::npos) << answer.body;
    EXPECT_NE(answer.header("Content-Type").find("problem+json"), std::string::npos);
  }
  EXPECT_EQ(json::parse(get("/genomics/files").body).at("files").as_array().size(), 0u);
}

TEST_F(FilesTest, TheSameAgainIsNotStoredTwiceOtherBytesAreAConflict) {
  serve();
  const std::string letters = test::make_fastq();
  upload("one", letters);
  EXPECT_EQ(post("/genomics/files?id=one", letters).status, 200);
  EXPECT_EQ(post("/genomics/files?id=one", test::make_fastq({.seed = 2})).status, 409);
  EXPECT_EQ(get("/genomics/files/one/content").body, letters);
}

TEST_F(FilesTest, FilesAreListedByPatientSampleAndFormatInPages) {
  serve();
  const std::string bam = test::make_bam({.samples = {"S7"}}).bytes;
  upload("b1", bam, "&patient=HOSP%7CP1");
  upload("b2", bam, "&patient=P2&sample=X");
  for (int i = 0; i < 5; ++i) {
    upload("f" + std::to_string(i), test::make_fastq({.seed = 10u + static_cast<uint64_t>(i)}), "&patient=P2");
  }
  auto ids = [&](const std::string& query) {
    std::set<std::string> out;
    std::string target = "/genomics/files" + query;
    for (int pages = 0; !target.empty() && pages < 10; ++pages) {
      const auto answer = get(target);
      EXPECT_EQ(answer.status, 200) << answer.body;
      const auto page = json::parse(answer.body).as_object();
      for (const auto& f : page.at("files").as_array()) {
        EXPECT_TRUE(out.insert(std::string(f.at("id").as_string())).second) << "listed twice";
      }
      target = page.contains("next") ? std::string(page.at("next").as_string()) : "";
      if (!target.empty()) target = target.substr(target.find("/genomics"));
    }
    return out;
  };
  using Set = std::set<std::string>;
  EXPECT_EQ(ids("").size(), 7u);
  EXPECT_EQ(ids("?limit=2").size(), 7u);
  EXPECT_EQ(ids("?patient=HOSP%7CP1"), Set{"b1"});
  EXPECT_EQ(ids("?patient=P1"), Set{"b1"});
  EXPECT_EQ(ids("?patient=P2&format=bam"), Set{"b2"});
  EXPECT_EQ(ids("?sample=S7"), (Set{"b1", "b2"}));
  EXPECT_EQ(ids("?sample=X"), Set{"b2"});
  EXPECT_EQ(ids("?format=fastq&limit=3").size(), 5u);
  EXPECT_EQ(ids("?patient=nobody"), Set{});
  EXPECT_EQ(get("/genomics/files?sampel=X").status, 400) << "a misspelt filter must not list all";
  EXPECT_EQ(get("/genomics/files?cursor=zz").status, 400);
}

TEST_F(FilesTest, ASliceIsExactTaggedAndCanBeReadInParts) {
  serve();
  const std::string bam = test::make_bam({.records = 5'000, .straddle = true}).bytes;
  upload("one", bam);
  test::write_file(dir_ / "x.bam", bam);
  test::run_tool({"samtools", "index", dir_ / "x.bam"});
  const std::string target = "/genomics/files/one/slice?region=chr1:1001-20000&region=chr2:1-3,000";
  const auto slice = get(target);
  ASSERT_EQ(slice.status, 200);
  EXPECT_EQ(records(slice.body),
            test::run_tool({"samtools", "view", "-M", dir_ / "x.bam", "chr1:1001-20000", "chr2:1-3000"}));
  EXPECT_EQ(get(target, {{"Range", "bytes=100-199"}}).body, slice.body.substr(100, 100));
  EXPECT_EQ(get(target, {{"If-None-Match", slice.header("ETag")}}).status, 304);
  EXPECT_EQ(get("/genomics/files/one/slice?region=chrX:1-2").status, 404);
  EXPECT_EQ(get("/genomics/files/one/slice?region=chr1:x-2").status, 400);
  EXPECT_EQ(get("/genomics/files/one/slice?regoin=chr1").status, 400);
  EXPECT_EQ(get("/genomics/files/one/slice?region=chr1&format=cram").status, 501);
}

TEST_F(FilesTest, AnUnsortedFileIsStoredAndSaysWhyItHasNoRegions) {
  serve();
  upload("one", test::make_bam({.sorted = false}).bytes);
  const auto answer = get("/genomics/files/one/slice?region=chr1:1-100");
  EXPECT_EQ(answer.status, 501);
  EXPECT_NE(answer.body.find("notSortedByCoordinate"), std::string::npos);
}

TEST_F(FilesTest, LimitsAnswerWithTheirStatus) {
  genomics::Limits limits;
  limits.file_bytes_max = 10'000;
  serve({}, limits);
  EXPECT_EQ(post("/genomics/files", std::string(10'001, 'A')).status, 413);
  EXPECT_EQ(post("/genomics/files?name=" + std::string(300, 'n'), "@").status, 400);
  EXPECT_EQ(post("/genomics/files?id=..%2Fx", "@").status, 400);
  EXPECT_EQ(post("/genomics/files?patient=Patient%2Fnobody", test::make_fastq({.records = 10})).status, 404);
}

}  // namespace
}  // namespace medarc::web

// The manifest of a stored file, and files found by their bytes.
#include "archive/hash.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

class ManifestTest : public GenomeTest {
 protected:
  json::object manifest(const std::string& query = "") {
    const auto answer = get("/genomics/files/one/manifest" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    return json::parse(answer.body).as_object();
  }
};

TEST_F(ManifestTest, ChunksCoverTheFileAndHaveTheDigestsOfTheirBytes) {
  serve();
  const std::string bam = test::make_bam({.records = 20'000}).bytes;
  upload("one", bam, "&name=a.bam");
  const json::object m = manifest();
  EXPECT_EQ(m.at("id").as_string(), "one");
  EXPECT_EQ(m.at("name").as_string(), "a.bam");
  EXPECT_EQ(m.at("bytes").to_number<uint64_t>(), bam.size());
  EXPECT_EQ(m.at("sha256").as_string(), archive::Sha256::of(bam).hex());
  archive::Md5 md5;
  md5.update(bam);
  EXPECT_EQ(m.at("md5").as_string(), md5.finish_hex());
  EXPECT_FALSE(m.contains("next"));
  const json::array& chunks = m.at("chunks").as_array();
  EXPECT_GT(chunks.size(), 5u);
  uint64_t at = 0;
  for (const json::value& chunk : chunks) {
    EXPECT_EQ(chunk.at("offset").to_number<uint64_t>(), at);
    const auto length = chunk.at("length").to_number<uint64_t>();
    EXPECT_EQ(chunk.at("sha256").as_string(),
              archive::Sha256::of(ByteView(bam).substr(at, length)).hex());
    at += length;
  }
  EXPECT_EQ(at, bam.size());
  // It is named where the file is described, and the content has the tag that it promises.
  const auto file = json::parse(get("/genomics/files/one").body).as_object();
  const std::string url(file.at("links").at("manifest").as_string());
  EXPECT_TRUE(url.ends_with("/genomics/files/one/manifest"));
  EXPECT_EQ(get("/genomics/files/one/content").header("ETag"),
            '"' + std::string(m.at("sha256").as_string()) + '"');
}

TEST_F(ManifestTest, PagesFollowEachOther) {
  serve();
  const std::string bam = test::make_bam({.records = 20'000}).bytes;
  upload("one", bam);
  const json::array whole = manifest().at("chunks").as_array();
  json::array joined;
  std::string query = "?limit=2";
  while (!query.empty()) {
    const json::object page = manifest(query);
    const json::array& chunks = page.at("chunks").as_array();
    EXPECT_LE(chunks.size(), 2u);
    joined.insert(joined.end(), chunks.begin(), chunks.end());
    query.clear();
    if (const json::value* next = page.if_contains("next")) {
      const std::string url(next->as_string());
      query = url.substr(url.find('?'));
    }
  }
  EXPECT_EQ(joined, whole);
  // From a byte inside the third chunk.
  const uint64_t inside = whole[2].at("offset").to_number<uint64_t>() + 1;
  EXPECT_EQ(manifest("?limit=1&offset=" + std::to_string(inside)).at("chunks").as_array()[0],
            whole[2]);
}

TEST_F(ManifestTest, ItHasATagAndRefusesWhatItCannotAnswer) {
  serve();
  const std::string fastq = test::make_fastq();
  upload("one", fastq);
  const auto answer = get("/genomics/files/one/manifest");
  const std::string tag = answer.header("ETag");
  EXPECT_FALSE(tag.empty());
  EXPECT_EQ(get("/genomics/files/one/manifest", {{"If-None-Match", tag}}).status, 304);
  EXPECT_NE(get("/genomics/files/one/manifest?limit=1").header("ETag"), tag);
  const auto head = test::http(port(), "HEAD", "/genomics/files/one/manifest");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("ETag"), tag);
  EXPECT_EQ(get("/genomics/files/none/manifest").status, 404);
  EXPECT_EQ(get("/genomics/files/one/manifest?limit=0").status, 400);
  EXPECT_EQ(get("/genomics/files/one/manifest?offset=x").status, 400);
  EXPECT_EQ(get("/genomics/files/one/manifest?from=1").status, 400);
  EXPECT_EQ(get("/genomics/files/one/manifest?offset=" + std::to_string(fastq.size())).status, 416);
}

TEST_F(ManifestTest, ReadingItIsAudited) {
  serve();
  upload("one", test::make_fastq());
  manifest();
  close();  // what was read in one window is counted when it closes
  open_store();
  const auto entries = index_->view()->audit(0, 100);
  ASSERT_TRUE(entries.has_value());
  uint32_t reads = 0;
  for (const index::AuditEntry& e : *entries) {
    if (e.object == "file/one" && e.action == "read") reads += e.count;
  }
  EXPECT_EQ(reads, 2u) << "its description, and the manifest";
}

TEST_F(ManifestTest, FilesAreFoundByTheirBytes) {
  serve();
  const std::string one = test::make_fastq(), other = test::make_fastq({.seed = 2});
  upload("one", one, "&patient=P1");
  upload("other", other);
  upload("again", one);
  const auto found = [&](const std::string& query) {
    const auto answer = get("/genomics/files?sha256=" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::string ids;
    const json::value parsed = json::parse(answer.body);
    for (const json::value& file : parsed.at("files").as_array()) {
      ids += std::string(file.at("id").as_string()) + " ";
    }
    return ids;
  };
  const std::string digest = archive::Sha256::of(one).hex();
  EXPECT_EQ(found(digest), "again one ");
  EXPECT_EQ(found(digest + "&patient=P1"), "one ");
  EXPECT_EQ(found(digest + "&patient=P2"), "");
  EXPECT_EQ(found(archive::Sha256::of(other).hex()), "other ");
  EXPECT_EQ(found(archive::Sha256::of("neither").hex()), "");
  EXPECT_EQ(get("/genomics/files?sha256=12").status, 400);
  // A page of it leads to the next one.
  const auto page = json::parse(get("/genomics/files?limit=1&sha256=" + digest).body).as_object();
  EXPECT_NE(std::string(page.at("next").as_string()).find("sha256=" + digest), std::string::npos);
  // Removed files are found no more, though their bytes are still there until they are collected.
  EXPECT_EQ(test::http(port(), "DELETE", "/genomics/files/other").status, 204);
  EXPECT_EQ(found(archive::Sha256::of(other).hex()), "");
}

}  // namespace
}  // namespace medarc::web

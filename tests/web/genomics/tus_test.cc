// tus 1.0 end to end: pieces, wrong offsets and checksums, restarts.
#include "archive/hash.h"
#include "tests/web/genomics/genome_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using Headers = test::HttpClient::Headers;

class TusTest : public GenomeTest {
 protected:
  HttpAnswer create(size_t length, const std::string& metadata = "", Headers more = {}) {
    Headers headers{{"Tus-Resumable", "1.0.0"}, {"Upload-Length", std::to_string(length)}};
    if (!metadata.empty()) headers.emplace_back("Upload-Metadata", metadata);
    headers.insert(headers.end(), more.begin(), more.end());
    return test::http(port(), "POST", "/uploads", headers);
  }
  // The path of a new upload.
  std::string begin(size_t length, const std::string& metadata = "") {
    const auto answer = create(length, metadata);
    EXPECT_EQ(answer.status, 201) << answer.body;
    const std::string url = answer.header("Location");
    return url.substr(url.find("/uploads/"));
  }
  HttpAnswer patch(const std::string& path, size_t offset, std::string_view bytes,
                   Headers more = {}) {
    Headers headers{{"Tus-Resumable", "1.0.0"},
                    {"Upload-Offset", std::to_string(offset)},
                    {"Content-Type", "application/offset+octet-stream"}};
    headers.insert(headers.end(), more.begin(), more.end());
    return test::http(port(), "PATCH", path, headers, bytes);
  }
  HttpAnswer head(const std::string& path) {
    return test::http(port(), "HEAD", path, {{"Tus-Resumable", "1.0.0"}});
  }
};

TEST_F(TusTest, PiecesMakeAFile) {
  serve();
  const std::string bam = test::make_bam().bytes;
  const std::string path = begin(
      bam.size(), "filename " + to_base64("a.bam") + ",patient " + to_base64("P1") + ",id " +
                      to_base64("one") + ",sha256 " + to_base64(archive::Sha256::of(bam).hex()));
  EXPECT_EQ(head(path).header("Upload-Offset"), "0");
  const size_t piece = bam.size() / 3 + 1;
  for (size_t at = 0; at < bam.size(); at += piece) {
    const auto answer = patch(path, at, ByteView(bam).substr(at, piece));
    EXPECT_EQ(answer.status, 204) << answer.body;
    EXPECT_EQ(answer.header("Upload-Offset"), std::to_string(std::min(bam.size(), at + piece)));
    EXPECT_EQ(answer.header("Tus-Resumable"), "1.0.0");
  }
  EXPECT_TRUE(head(path).header("Content-Location").ends_with("/genomics/files/one"));
  EXPECT_EQ(get("/genomics/files/one/content").body, bam);
  const auto file = json::parse(get("/genomics/files/one").body).as_object();
  EXPECT_EQ(file.at("name").as_string(), "a.bam");
  EXPECT_TRUE(file.contains("patient"));
  EXPECT_EQ(patch(path, bam.size(), "x").status, 409) << "it is whole";
}

TEST_F(TusTest, TheProtocolIsAnnouncedAndItsVersionAskedFor) {
  serve();
  const auto options = test::http(port(), "OPTIONS", "/uploads");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("Tus-Version"), "1.0.0");
  EXPECT_EQ(options.header("Tus-Extension"),
            "creation,creation-with-upload,checksum,termination,expiration");
  EXPECT_EQ(options.header("Tus-Checksum-Algorithm"), "sha1,sha256,md5");
  const auto other =
      test::http(port(), "POST", "/uploads", {{"Tus-Resumable", "0.2.0"}, {"Upload-Length", "5"}});
  EXPECT_EQ(other.status, 412);
  EXPECT_EQ(other.header("Tus-Version"), "1.0.0");
}

TEST_F(TusTest, WrongOffsetsTypesAndLengthsAreRefusedAndCostNothing) {
  serve();
  const std::string letters = test::make_fastq();
  const std::string path = begin(letters.size());
  EXPECT_EQ(patch(path, 5, "x").status, 409);
  EXPECT_EQ(
      test::http(
          port(), "PATCH", path,
          {{"Tus-Resumable", "1.0.0"}, {"Upload-Offset", "0"}, {"Content-Type", "text/plain"}}, "x")
          .status,
      415);
  EXPECT_EQ(patch("/uploads/none", 0, "x").status, 404);
  EXPECT_EQ(create(0).status, 400);
  EXPECT_EQ(test::http(port(), "POST", "/uploads", {{"Tus-Resumable", "1.0.0"}}).status, 400);
  EXPECT_EQ(create(5, "filename ***").status, 400);
  EXPECT_EQ(create(size_t{2} << 40).status, 413);
  EXPECT_EQ(patch(path, 0, letters).status, 204);
}

TEST_F(TusTest, APieceWithAWrongChecksumIsDiscarded) {
  serve();
  const std::string letters = test::make_fastq();
  const std::string path = begin(letters.size(), "id " + to_base64("one"));
  const std::string half = letters.substr(0, letters.size() / 2);
  auto checksum = [](const char* algorithm, const std::string& bytes) {
    auto sum = archive::Checksum::of(algorithm);
    sum->update(bytes);
    return Headers{{"Upload-Checksum", std::string(algorithm) + " " + to_base64(sum->finish())}};
  };
  EXPECT_EQ(patch(path, 0, half, checksum("sha1", half + "x")).status, 460);
  EXPECT_EQ(head(path).header("Upload-Offset"), "0");
  EXPECT_EQ(patch(path, 0, half, {{"Upload-Checksum", "crc9 AAAA"}}).status, 400);
  EXPECT_EQ(patch(path, 0, half, checksum("sha1", half)).status, 204);
  const std::string rest = letters.substr(half.size());
  EXPECT_EQ(patch(path, half.size(), rest, checksum("sha256", rest)).status, 204);
  EXPECT_EQ(get("/genomics/files/one/content").body, letters);
}

TEST_F(TusTest, CreationWithUploadTakesTheFirstPiece) {
  serve();
  const std::string letters = test::make_fastq();
  const auto answer = test::http(port(), "POST", "/uploads",
                                 {{"Tus-Resumable", "1.0.0"},
                                  {"Upload-Length", std::to_string(letters.size())},
                                  {"Upload-Metadata", "id " + to_base64("one")},
                                  {"Content-Type", "application/offset+octet-stream"}},
                                 letters);
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.header("Upload-Offset"), std::to_string(letters.size()));
  EXPECT_EQ(get("/genomics/files/one/content").body, letters);
}

TEST_F(TusTest, AnUploadGoesOnAfterARestart) {
  serve();
  const std::string bam = test::make_bam().bytes;
  const std::string path = begin(bam.size(), "id " + to_base64("one"));
  const size_t half = bam.size() / 2;
  EXPECT_EQ(patch(path, 0, ByteView(bam).substr(0, half)).status, 204);
  close();
  // What a crash may leave behind the last acknowledged byte is not believed.
  const std::string stored = dir_ / ("uploads/" + path.substr(path.rfind('/') + 1) + ".bytes");
  test::write_file(stored, bam.substr(0, half) + std::string(1000, '\0'));
  open_store();
  serve();
  EXPECT_EQ(head(path).header("Upload-Offset"), std::to_string(half));
  EXPECT_EQ(patch(path, half, ByteView(bam).substr(half)).status, 204);
  EXPECT_EQ(get("/genomics/files/one/content").body, bam);
}

TEST_F(TusTest, AfterARestartAnUploadIsCheckedWhileItArrives) {
  serve();
  const std::string letters = test::make_fastq();
  std::string wrong;
  while (wrong.size() < 16u << 20) wrong += "no read\n";
  const std::string path = begin(letters.size() + 2 * wrong.size());
  EXPECT_EQ(patch(path, 0, letters).status, 204);
  close();
  open_store();
  serve();
  EXPECT_EQ(patch(path, letters.size(), wrong).status, 400);
  EXPECT_EQ(head(path).status, 404) << "it is over, before all of it is there";
}

TEST_F(TusTest, ABrokenConnectionKeepsWhatArrived) {
  serve();
  const std::string letters = test::make_fastq({.records = 20'000});
  const std::string path = begin(letters.size(), "id " + to_base64("one"));
  {
    test::HttpClient client(port());
    client.send("PATCH " + path +
                " HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                "Content-Type: application/offset+octet-stream\r\nContent-Length: " +
                std::to_string(letters.size()) + "\r\n\r\n" +
                letters.substr(0, letters.size() / 2));
  }
  // The server notices the end of the connection in its own time.
  size_t offset = 0;
  for (int i = 0; i < 100; ++i) {
    offset = std::stoull(head(path).header("Upload-Offset"));
    const auto answer =
        offset > 0 ? patch(path, offset, ByteView(letters).substr(offset)) : HttpAnswer{};
    if (answer.status == 204) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_GT(offset, 0u);
  EXPECT_EQ(get("/genomics/files/one/content").body, letters);
}

TEST_F(TusTest, APieceBesideAnotherIsRefusedBeforeItsBody) {
  serve();
  const std::string letters = test::make_fastq({.records = 20'000});
  const std::string path = begin(letters.size());
  const std::string head = "PATCH " + path +
                           " HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                           "Upload-Checksum: sha256 " +
                           to_base64(archive::Sha256::of(letters).view()) +
                           "\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: " +
                           std::to_string(letters.size()) + "\r\nExpect: 100-continue\r\n\r\n";
  std::optional<test::HttpClient> first(port());
  first->send(head);
  ASSERT_EQ(first->receive(false, true).status, 100);
  first->send(letters.substr(0, letters.size() / 2));
  {
    test::HttpClient second(port());
    second.send(head);
    EXPECT_EQ(second.receive(false, true).status, 409);
  }
  // Who is gone is in nobody's way, and what could not be checked is not kept.
  first.reset();
  int status = 0;
  for (int i = 0; i < 100 && status != 100; ++i) {
    test::HttpClient second(port());
    second.send(head);
    status = second.receive(false, true).status;
    if (status == 100) {
      second.send(letters);
      EXPECT_EQ(second.receive().status, 204);
    } else {
      EXPECT_EQ(status, 409);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  EXPECT_EQ(status, 100);
}

TEST_F(TusTest, AWrongFormatIsRefusedEarlyAndTheUploadIsOver) {
  serve();
  const std::string path = begin(1'000'000);
  EXPECT_EQ(patch(path, 0, "@HD\tVN:1.6\n" + std::string(1000, 'x')).status, 415);
  EXPECT_EQ(head(path).status, 404);
}

TEST_F(TusTest, ADeclaredDigestOfTheWholeIsVerified) {
  serve();
  const std::string letters = test::make_fastq();
  const std::string path = begin(
      letters.size(), "id " + to_base64("one") + ",sha256 " + to_base64(std::string(64, '0')));
  EXPECT_EQ(patch(path, 0, letters).status, 400);
  EXPECT_EQ(get("/genomics/files/one").status, 404);
}

TEST_F(TusTest, TerminationAndExpiryRemoveIt) {
  genomics::ResumableLimits limits;
  limits.expiry_ms = 1'000;
  serve({}, {}, limits);
  const std::string one = begin(100), other = begin(100);
  EXPECT_EQ(test::http(port(), "DELETE", one, {{"Tus-Resumable", "1.0.0"}}).status, 204);
  EXPECT_EQ(head(one).status, 404);
  EXPECT_EQ(head(other).status, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
  EXPECT_EQ(head(other).status, 404);
}

TEST_F(TusTest, OnlySoManyUploadsAreOpen) {
  genomics::ResumableLimits limits;
  limits.open_max = 2;
  limits.live_max = 1;
  serve({}, {}, limits);
  const std::string letters = test::make_fastq();
  const std::string a = begin(letters.size()), b = begin(letters.size());
  EXPECT_EQ(create(5).status, 503);
  EXPECT_EQ(patch(b, 0, letters).status, 204) << "not ingested while it arrived, but at its end";
  EXPECT_EQ(patch(a, 0, letters).status, 204);
  EXPECT_EQ(create(5).status, 201);
}

}  // namespace
}  // namespace medarc::web

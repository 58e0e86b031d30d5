// One STOW request with very many small instances: answered correctly, in memory that hardly grows
// with their number. Short here; MEDARC_STOW_PARTS=20000 is the long form.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/scenario/clients.h"
#include "tools/sample/dicom_file.h"

namespace medarc::test {
namespace {

namespace s = tools::sample;

constexpr uint64_t kGrowthBytesMax = 96ull << 20;  // the server's own pools and caches included
constexpr uint64_t kGrowthBytesEach = 4096;        // what the report of an instance may cost

int parts_wanted() {
  const char* text = std::getenv("MEDARC_STOW_PARTS");
  return text == nullptr ? 500 : std::atoi(text);
}

// The most that was resident since the process began.
uint64_t peak_bytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtoull(line.c_str() + 6, nullptr, 10) << 10;
  }
  return 0;
}

class ManyParts : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.ready()) << server_.ready_line();
    // Warm: what every process has once is no growth.
    ASSERT_TRUE(stow(client_, {make_object(1, 256)}));
    before_ = peak_bytes(server_.pid());
    ASSERT_GT(before_, 0u);
  }

  void expect_stored(const std::string& type, const std::string& body) {
    const auto start = std::chrono::steady_clock::now();
    const HttpAnswer answer = client_.request(
        "POST", "/dicom-web/studies",
        {{"Content-Type", "multipart/related; type=\"" + type + "\"; boundary=XX"}}, body);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const uint64_t growth = peak_bytes(server_.pid()) - before_;
    std::printf(
        "%d instances, %.1f MB as %s: %.2f s, %.0f a second, peak grew %.1f MB to %.1f MB\n",
        count_, static_cast<double>(body.size()) / 1e6, type.c_str(), seconds.count(),
        count_ / seconds.count(), static_cast<double>(growth) / 1e6,
        static_cast<double>(before_ + growth) / 1e6);
    ASSERT_EQ(answer.status, 200) << answer.body.substr(0, 500);
    int named = 0;
    for (size_t at = 0; (at = answer.body.find("\"00081155\"", at)) != std::string::npos; ++at) {
      ++named;
    }
    EXPECT_EQ(named, count_);
    EXPECT_LT(growth, kGrowthBytesMax + count_ * kGrowthBytesEach);
    const HttpAnswer study = client_.get("/dicom-web/studies?StudyInstanceUID=" + study_);
    EXPECT_NE(
        study.body.find("\"00201208\":{\"vr\":\"IS\",\"Value\":[" + std::to_string(count_) + "]}"),
        std::string::npos)
        << study.body;
  }

  const int count_ = parts_wanted();
  const std::string study_ = "2.25.777", series_ = "2.25.778";
  TempDir dir_;
  ServerProcess server_{dir_ / "data"};
  HttpClient client_{server_.http_port(), 1'800'000};
  uint64_t before_ = 0;
};

TEST_F(ManyParts, FilesInOneRequest) {
  std::string body;
  for (int i = 0; i < count_; ++i) {
    s::DicomFile file;
    file.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    file.text(0x00080018, "UI", study_ + "." + std::to_string(i));
    file.text(0x00100020, "LO", "MANY-1");
    file.text(0x0020000D, "UI", study_);
    file.text(0x0020000E, "UI", series_);
    file.text(0x00200013, "IS", std::to_string(i));
    body += "--XX\r\nContent-Type: application/dicom\r\n\r\n" + file.encode() + "\r\n";
  }
  expect_stored("application/dicom", body + "--XX--\r\n");
}

TEST_F(ManyParts, JsonWithBulkDataInOneRequest) {
  std::string metadata, bulk;
  for (int i = 0; i < count_; ++i) {
    const std::string n = std::to_string(i);
    metadata +=
        (i > 0 ? "," : "") +
        (R"({"00080016":{"vr":"UI","Value":["1.2.840.10008.5.1.4.1.1.7"]},)"
         R"("00080018":{"vr":"UI","Value":[")" +
         study_ + "." + n + R"("]},"00100020":{"vr":"LO","Value":["MANY-1"]},)" +
         R"("0020000D":{"vr":"UI","Value":[")" + study_ + R"("]},"0020000E":{"vr":"UI",)" +
         R"("Value":[")" + series_ + R"("]},"00420011":{"vr":"OB","BulkDataURI":"b/)" + n + "\"}}");
    bulk += "--XX\r\nContent-Type: application/octet-stream\r\nContent-Location: b/" + n +
            "\r\n\r\n" + std::string(2000, static_cast<char>('a' + i % 26)) + n + "\r\n";
  }
  expect_stored("application/dicom+json", "--XX\r\nContent-Type: application/dicom+json\r\n\r\n[" +
                                              metadata + "]\r\n" + bulk + "--XX--\r\n");
}

}  // namespace
}  // namespace medarc::test

// Requests and files that contradict themselves, or are something else as well.
#include <fstream>

#include "tests/web/dicomweb/archive_fixture.h"

namespace medarc::web {
namespace {

using test::HttpAnswer;
using test::ImageRecipe;

constexpr char kExplicit[] = "1.2.840.10008.1.2.1", kJ2k[] = "1.2.840.10008.1.2.4.90";

std::string path(const ImageRecipe& r) {
  return "/dicom-web/studies/" + r.study_uid + "/series/" + r.series_uid + "/instances/" +
         r.sop_uid;
}

uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  statm >> all >> resident;
  return resident * 4096;
}

class OddRequests : public ArchiveTest {};

TEST_F(OddRequests, N10_FileMetaWinsOverThePartsHeader) {
  serve();
  for (const char* said : {kJ2k, "1.2.840.10008.1.2", "nonsense"}) {
    ImageRecipe r;
    r.sop_uid = std::string("2.25.40.") + std::to_string(std::string_view(said).size());
    const Bytes file = test::make_file(r);
    const Bytes body = std::string("--XX\r\nContent-Type: application/dicom; transfer-syntax=") +
                       said + "\r\n\r\n" + file + "\r\n--XX--\r\n";
    const HttpAnswer answer =
        test::http(port(), "POST", "/dicom-web/studies", {{"Content-Type", kMultipartType}}, body);
    EXPECT_EQ(answer.status, 200) << said << answer.body;
    const HttpAnswer got = get(path(r), {{"Accept", "application/dicom; transfer-syntax=*"}});
    EXPECT_EQ(got.header("Content-Type"),
              std::string("application/dicom; transfer-syntax=") + kExplicit)
        << said;
    EXPECT_TRUE(got.body == file) << said;
  }
}

TEST_F(OddRequests, X15_AnAnnouncedLengthTakesNoMemory) {
  serve();
  ImageRecipe r;
  store(r);
  const uint64_t before = resident_bytes();
  std::vector<std::unique_ptr<test::HttpClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<test::HttpClient>(port()));
    EXPECT_TRUE(clients.back()->send(
        "POST /dicom-web/studies HTTP/1.1\r\nHost: h\r\nContent-Type: " +
        std::string(kMultipartType) + "\r\nContent-Length: 3000000000\r\n\r\n0123456789"));
  }
  // The server has them all in hand once it has answered a later one.
  EXPECT_EQ(get(path(r), {{"Accept", "application/dicom"}}).status, 200);
  EXPECT_LT(resident_bytes(), before + (64u << 20));
  clients.clear();
  EXPECT_EQ(get("/dicom-web/studies").status, 200);
  // What a limit forbids is refused before a byte of it came.
  ServerOptions small;
  small.upload_bytes_max = 1000;
  server_.reset();
  serve({}, small);
  test::HttpClient client(port());
  EXPECT_TRUE(client.send("POST /dicom-web/studies HTTP/1.1\r\nHost: h\r\nContent-Type: " +
                          std::string(kMultipartType) +
                          "\r\nContent-Length: 3000000000\r\n\r\n0123456789"));
  EXPECT_EQ(client.receive().status, 413);
}

TEST_F(OddRequests, X18_PreamblesOfOtherFormatsAreKeptAndReported) {
  serve();
  const std::vector<std::pair<Bytes, std::string>> preambles = {
      {Bytes("MZ\x90\0\3\0\0\0", 8), "a Windows program"},
      {Bytes("\x7F"
             "ELF\2\1\1\0",
             8),
       "a Linux program"},
      {"<html><script>alert(1)</script>", "HTML or XML"},
      {"#!/bin/sh\n", "a script"},
      {Bytes("II*\0\x08\0\0\0", 8), "TIFF"}};
  int n = 0;
  for (const auto& [start, name] : preambles) {
    ImageRecipe r;
    r.sop_uid = "2.25.41." + std::to_string(++n);
    Bytes file = test::make_file(r);
    file.replace(0, start.size(), start);
    const HttpAnswer answer = stow({file});
    EXPECT_EQ(answer.status, 202) << name;  // stored, with a warning
    EXPECT_NE(answer.body.find("\"00081196\""), std::string::npos) << answer.body;
    const HttpAnswer original = get(path(r) + "/original");
    EXPECT_TRUE(original.body == file) << name;
    EXPECT_TRUE(original.header("Content-Type").starts_with("application/dicom")) << name;
    EXPECT_EQ(original.header("X-Content-Type-Options"), "nosniff");
    EXPECT_TRUE(original.header("Content-Disposition").starts_with("attachment")) << name;
    const HttpAnswer object = get(path(r), {{"Accept", "application/dicom"}});
    EXPECT_TRUE(object.header("Content-Type").starts_with("application/dicom")) << name;
    EXPECT_EQ(object.header("X-Content-Type-Options"), "nosniff");
  }
  ImageRecipe plain;
  EXPECT_EQ(stow({test::make_file(plain)}).status, 200);
}

}  // namespace
}  // namespace medarc::web

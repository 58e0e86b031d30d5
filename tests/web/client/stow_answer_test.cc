// What answers to STOW-RS mean for each instance that was sent (dicom.md S1 to S3).
#include "web/client/stow_answer.h"

#include <gtest/gtest.h>

namespace medarc::web {
namespace {

using What = StowVerdict::What;

std::string item(const std::string& uid, int reason = 0) {
  return R"({"00081155":{"vr":"UI","Value":[")" + uid + R"("]})" +
         (reason == 0 ? ""
                      : R"(,"00081197":{"vr":"US","Value":[)" + std::to_string(reason) + "]}") +
         "}";
}
std::string dataset(const std::string& stored, const std::string& failed) {
  std::string out = R"({"00081190":{"vr":"UR"})";
  if (!failed.empty()) out += R"(,"00081198":{"vr":"SQ","Value":[)" + failed + "]}";
  if (!stored.empty()) out += R"(,"00081199":{"vr":"SQ","Value":[)" + stored + "]}";
  return out + "}";
}

std::vector<What> read(int status, const std::string& body,
                       const std::vector<std::string>& instances = {"1.1", "1.2", "1.3"},
                       const std::string& type = "application/dicom+json", uint32_t attempts = 0) {
  std::vector<What> out;
  for (const StowVerdict& v : read_stow_answer({status, type, body}, instances,
                                               std::vector<uint32_t>(instances.size(), attempts))) {
    out.push_back(v.what);
    EXPECT_EQ(v.why.empty(), v.what == What::stored);
  }
  return out;
}

using All = std::vector<What>;

TEST(StowAnswer, S1_SuccessIsBelievedAlsoWithoutADataset) {
  const All stored(3, What::stored);
  EXPECT_EQ(read(200, dataset(item("1.1") + "," + item("1.2") + "," + item("1.3"), "")), stored);
  EXPECT_EQ(read(200, "[" + dataset(item("1.1"), "") + "]"), stored);
  EXPECT_EQ(read(200, ""), stored);
  EXPECT_EQ(read(200, "<NativeDicomModel/>", {"1.1", "1.2", "1.3"}, "application/dicom+xml"),
            stored);
  EXPECT_EQ(read(204, ""), stored);
}

TEST(StowAnswer, S1_PartlyStoredIsReadByInstance) {
  EXPECT_EQ(read(202, dataset(item("1.2"), item("1.1", 49442))),
            (All{What::refused, What::stored, What::later}));
  EXPECT_EQ(read(202, dataset(item("1.2"), item("1.1", 0xA700) + "," + item("1.3", 0xA900))),
            (All{What::later, What::stored, What::refused}));
  EXPECT_EQ(read(202, "no JSON"), All(3, What::later));
  // A failure counts, whatever the status says.
  EXPECT_EQ(read(200, dataset("", item("1.1", 292))),
            (All{What::refused, What::stored, What::stored}));
}

TEST(StowAnswer, S3_AFailureThatExplainsNothingIsTriedAFewTimes) {
  const std::string body = dataset("", item("1.1", 272));
  EXPECT_EQ(read(409, body, {"1.1"}), All{What::later});
  EXPECT_EQ(read(409, body, {"1.1"}, "application/json", 10), All{What::refused});
  EXPECT_EQ(read(409, dataset("", item("1.1")), {"1.1"}), All{What::later});
}

TEST(StowAnswer, S1_NoneStoredIsReadByInstanceOrSentAlone) {
  EXPECT_EQ(read(409, dataset("", item("1.1", 290) + "," + item("1.2", 0x0213))),
            (All{What::refused, What::later, What::alone}));
  EXPECT_EQ(read(409, "", {"1.1"}), All{What::refused});
  for (const int status : {400, 406, 413, 415, 422}) {
    EXPECT_EQ(read(status, ""), All(3, What::alone)) << status;
    EXPECT_EQ(read(status, "", {"1.1"}), All{What::refused}) << status;
  }
}

TEST(StowAnswer, WhatAnOperatorOrTimeCanSetRightIsWaitedFor) {
  for (const int status : {301, 307, 401, 403, 404, 405, 407, 408, 425, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(read(status, "go away"), All(3, What::later)) << status;
  }
}

}  // namespace
}  // namespace medarc::web

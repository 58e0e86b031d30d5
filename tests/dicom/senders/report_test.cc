// The daily report: counts what the change feed brings, once, and outlives the process.
#include "dicom/senders/report.h"

#include <fstream>

#include "tests/dicom/senders/senders_fixture.h"

namespace medarc::dicom::senders {
namespace {

using medarc::test::ImageRecipe;
using medarc::test::make_file;

class ReportTest : public medarc::test::SendersFixture {
 protected:
  std::unique_ptr<Report> open() {
    auto report = Report::open(posix_fs(), dir_, *index_, refusals_, {});
    EXPECT_TRUE(report.has_value()) << report.error().text;
    return std::move(*report);
  }
  static void follow(Report& report) {
    for (bool more = true; more;) {
      const auto step = report.step();
      ASSERT_TRUE(step.has_value()) << step.error().text;
      more = *step;
    }
  }
  void send_odd(const std::string& aet, int n) {
    ImageRecipe r;
    r.sop_uid = "2.25.0" + std::to_string(n);
    ASSERT_TRUE(send(aet, make_file(r)).has_value());
  }
  static uint64_t count(const Tally& tally, const std::string& sender, std::string_view kind) {
    uint64_t out = 0;
    for (const auto& [key, line] : tally.lines()) {
      if (key.sender == sender && key.kind == kind) out += line.count;
    }
    return out;
  }
};

TEST_F(ReportTest, CountsEachFindingOnceAndSurvivesRestarts) {
  rules("");
  {
    const auto report = open();
    for (int i = 1; i <= 3; ++i) send_odd("CT1", i);
    send_odd("CT1", 1);                                              // a duplicate brings nothing
    ASSERT_TRUE(send("CT1", make_file(ImageRecipe())).has_value());  // nor does a good one
    EXPECT_TRUE(send("CT2", make_file(ImageRecipe()).substr(0, 900)).has_error());
    follow(*report);
    EXPECT_EQ(count(report->counts(), "CT1", kFoundUid), 3u);
    EXPECT_EQ(count(report->counts(), "CT2", kFoundRefused), 1u);
    ASSERT_TRUE(report->save().has_value());
    send_odd("CT1", 4);
    follow(*report);
    EXPECT_EQ(count(report->counts(), "CT1", kFoundUid), 4u);
    // Killed here: what was not saved is read from the feed again.
  }
  {
    const auto report = open();
    EXPECT_EQ(count(report->counts(), "CT1", kFoundUid), 3u);
    follow(*report);
    EXPECT_EQ(count(report->counts(), "CT1", kFoundUid), 4u);
    EXPECT_EQ(count(report->counts(), "CT2", kFoundRefused), 1u);
    const Tally counts = report->counts();
    const auto& [key, line] = *counts.lines().begin();
    EXPECT_EQ(key.attribute, Tag{0x00080018});
    EXPECT_EQ(key.sop_class, "1.2.840.10008.5.1.4.1.1.2");
    EXPECT_EQ(line.example.substr(0, 6), "2.25.0");
    ASSERT_TRUE(report->save().has_value());
  }
  // A file that is damaged is made anew.
  const std::string path = dir_ + "/senders/counts";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(20);
  file.put('\xFF');
  file.close();
  const auto report = open();
  EXPECT_TRUE(report->counts().empty());
  follow(*report);
  EXPECT_EQ(count(report->counts(), "CT1", kFoundUid), 4u);
}

TEST_F(ReportTest, TheThreadFollowsAndSavesAtTheEnd) {
  rules("");
  auto report = open();
  report->start();
  for (int i = 1; i <= 3; ++i) send_odd("CT1", i);
  for (int waited = 0; waited < 1000 && count(report->counts(), "CT1", kFoundUid) < 3; ++waited) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(count(report->counts(), "CT1", kFoundUid), 3u);
  report->stop();
  report.reset();
  EXPECT_EQ(count(open()->counts(), "CT1", kFoundUid), 3u);
}

TEST_F(ReportTest, WhatWentAwayIsNotCountedAnew) {
  rules("");
  send_odd("CT1", 1);
  ImageRecipe r;
  ASSERT_TRUE(imaging_->remove(who_, StudyUid(r.study_uid), {}, {}, "test").has_value());
  const auto report = open();
  follow(*report);
  EXPECT_TRUE(report->counts().empty());
}

}  // namespace
}  // namespace medarc::dicom::senders

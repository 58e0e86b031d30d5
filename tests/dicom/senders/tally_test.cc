// Counts of what senders get wrong: exact while they are few, bounded when they are many.
#include "dicom/senders/tally.h"

#include <gtest/gtest.h>

#include "dicom/senders/refusals.h"
#include "dicom/senders/report_json.h"

namespace medarc::dicom::senders {
namespace {

constexpr int64_t kDay = 86'400'000'000;
// 2026-01-15.
constexpr int64_t kStart = 1'768'435'200'000'000;

Timestamp at(int day, int64_t more = 0) { return {kStart + day * kDay + more}; }
Finding finding(const std::string& kind, const std::string& text = "t", uint32_t tag = 0x00100010) {
  return {kind, Tag{tag}, text, "detail"};
}
uint64_t total(const Tally& tally) {
  uint64_t out = 0;
  for (const auto& [key, line] : tally.lines()) out += line.count;
  return out;
}

TEST(Tally, CountsByDaySenderKindAttributeAndClass) {
  Tally tally;
  tally.add("CT1", finding("uid"), "1.2", "1.2.3.1", at(0, 5));
  tally.add("CT1", finding("uid"), "1.2", "1.2.3.2", at(0, 9));
  tally.add("CT1", finding("uid"), "1.2", "1.2.3.3", at(0, 2));
  tally.add("CT1", finding("uid"), "1.3", "1.2.3.4", at(0));
  tally.add("CT1", finding("uid"), "1.2", "1.2.3.5", at(1));
  tally.add("MR1", finding("uid"), "1.2", "1.2.3.6", at(1));
  EXPECT_EQ(tally.lines().size(), 4u);
  EXPECT_EQ(day_of(at(0)), "2026-01-15");
  const TallyLine& line =
      tally.lines().at({"2026-01-15", "CT1", "uid", Tag{0x00100010}, "1.2", "t"});
  EXPECT_EQ(line.count, 3u);
  EXPECT_EQ(line.first, at(0, 2));
  EXPECT_EQ(line.last, at(0, 9));
  EXPECT_EQ(line.example, "1.2.3.2");
}

TEST(Tally, LimitsHold) {
  TallyLimits limits;
  limits.days_max = 3;
  limits.senders_max = 2;
  limits.lines_max = 4;
  Tally tally(limits);
  for (int sender = 0; sender < 10; ++sender) {
    for (int text = 0; text < 10; ++text) {
      tally.add("S" + std::to_string(sender), finding("uid", std::to_string(text)), "", "", at(0));
    }
  }
  EXPECT_EQ(total(tally), 100u);  // nothing is left out of the count
  // Two senders and the others, each with four lines and one for the rest.
  EXPECT_LE(tally.lines().size(), 15u);
  EXPECT_TRUE(tally.lines().contains(
      {"2026-01-15", std::string(kOtherSenders), std::string(kOtherFindings), Tag{}, "", ""}));
  for (int day = 1; day < 10; ++day) tally.add("S", finding("uid"), "", "", at(day));
  EXPECT_EQ(tally.lines().begin()->first.day, "2026-01-22");
  EXPECT_EQ(tally.lines().size(), 3u);

  limits = {};
  limits.lines_total_max = 5;
  Tally all(limits);
  for (int day = 0; day < 4; ++day) {
    for (int text = 0; text < 3; ++text) {
      all.add("S", finding("uid", std::to_string(text)), "", "", at(day));
    }
  }
  EXPECT_LE(all.lines().size(), 5u);
  EXPECT_EQ(all.lines().rbegin()->first.day, "2026-01-18");
}

TEST(Tally, ComesBackFromItsBytesAndFromNoOthers) {
  Tally tally;
  for (int i = 0; i < 50; ++i) {
    tally.add("S" + std::to_string(i % 7), finding("uid", std::to_string(i % 5)), "1.2",
              "1." + std::to_string(i), at(i % 3, i));
  }
  const Bytes bytes = tally.encode();
  Tally back;
  ASSERT_TRUE(back.decode(bytes).has_value());
  EXPECT_EQ(back.lines(), tally.lines());
  for (size_t length = 0; length < bytes.size(); length += 7) {
    EXPECT_TRUE(back.decode(bytes.substr(0, length)).has_error()) << length;
    EXPECT_TRUE(back.empty());
  }
  EXPECT_TRUE(back.decode(bytes + '\0').has_error());
}

TEST(Tally, ReportsTheNewestDayAndTheMostFrequentFirst) {
  Tally tally;
  tally.add("CT1", finding("uid"), "1.2.840.10008.5.1.4.1.1.2", "1.1", at(0));
  tally.add("CT1", finding("uid"), "1.2.840.10008.5.1.4.1.1.2", "1.1", at(1));
  for (int i = 0; i < 3; ++i) tally.add("CT1", finding("charset"), "", "", at(1));
  tally.add("MR1", finding("identity", "t", 0), "", "", at(1));
  const boost::json::object all = report_json(tally, "", "");
  const auto& days = all.at("days").as_array();
  ASSERT_EQ(days.size(), 2u);
  EXPECT_EQ(days[0].at("day"), "2026-01-16");
  ASSERT_EQ(days[0].at("senders").as_array().size(), 2u);
  const auto& ct = days[0].at("senders").as_array()[0];
  EXPECT_EQ(ct.at("sender"), "CT1");
  EXPECT_EQ(ct.at("count"), 4);
  EXPECT_EQ(ct.at("findings").at(0).at("kind"), "charset");
  EXPECT_EQ(ct.at("findings").at(0).at("count"), 3);
  EXPECT_EQ(ct.at("findings").at(1).at("attribute"), "00100010");
  EXPECT_EQ(ct.at("findings").at(1).at("example"), "1.1");
  EXPECT_EQ(report_json(tally, "2026-01-15", "").at("days").as_array().size(), 1u);
  EXPECT_EQ(report_json(tally, "", "MR1").at("days").as_array().size(), 1u);
  EXPECT_TRUE(report_json(tally, "2026-01-15", "MR1").at("days").as_array().empty());
}

TEST(Refusals, AreTheSendersFaultOrNotCounted) {
  Refusals refusals;
  Refusal refusal;
  refusal.error = make_error(Code::invalid_argument, "the dataset is cut short");
  refusal.sop_class.value = "1.2.840.10008.5.1.4.1.1.2";
  refusal.instance.value = "../../x";
  refusals.add("CT1", refusal);
  for (const Code code : {Code::exhausted, Code::io, Code::unavailable, Code::permission_denied}) {
    refusal.error.code = code;
    refusals.add("CT1", refusal);
  }
  const Tally taken = refusals.take();
  ASSERT_EQ(taken.lines().size(), 1u);
  const auto& [key, line] = *taken.lines().begin();
  EXPECT_EQ(key.kind, kFoundRefused);
  EXPECT_EQ(key.text, "the dataset is cut short");
  EXPECT_EQ(line.count, 1u);
  EXPECT_EQ(line.example, "");  // a path is no example
  EXPECT_TRUE(refusals.take().empty());
}

}  // namespace
}  // namespace medarc::dicom::senders

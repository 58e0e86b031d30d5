// Dates and times in the zone of who asks: through both doors as a plain loop over moments says.
#include "dicom/zoned.h"

#include <chrono>
#include <random>

#include "tests/web/dicomweb/both_doors.h"

namespace medarc::web {
namespace {

using Found = std::set<std::string>;
using Keys = std::vector<std::pair<std::string, std::string>>;
using test::DatasetMaker;
using test::ImageRecipe;

constexpr const char *kDate = "00080020", *kTime = "00080030", *kZone = "00080201",
                     *kAcquired = "0008002A";

class Zones : public BothDoors {
 protected:
  static ImageRecipe study(int n, const std::string& date, const std::string& time,
                           const std::string& zone) {
    ImageRecipe r;
    r.study_uid = "2.25." + std::to_string(n);
    r.series_uid = r.study_uid + ".1";
    r.sop_uid = r.series_uid + ".1";
    r.patient_id = "P" + std::to_string(n);
    r.study_date = date;
    r.study_time = time;
    r.rows = r.columns = 2;
    if (!zone.empty()) r.before_patient = DatasetMaker().text(0x00080201, "SH", zone).view();
    return r;
  }
  Found in(const std::string& zone, Keys keys, const std::string& level = "STUDY") {
    keys.emplace_back(kZone, zone);
    return found(level, std::move(keys));
  }
};

TEST(Zone, M4_OffsetsAreReadStrictly) {
  EXPECT_EQ(dicom::zone_minutes("+0000"), 0);
  EXPECT_EQ(dicom::zone_minutes("-0530"), -330);
  EXPECT_EQ(dicom::zone_minutes("+1400 "), 840);
  EXPECT_EQ(dicom::zone_text(-330), "-0530");
  for (const char* wrong :
       {"", "0800", "+800", "+1401", "-1500", "+0860", "+08:00", "Z", "+ 800"}) {
    EXPECT_FALSE(dicom::zone_minutes(wrong)) << wrong;
  }
}

TEST_F(Zones, M4_AStudyIsWhereTheClockOfWhoAsksShowsIt) {
  put(study(1, "20260101", "2330", "+0000"));
  put(study(2, "20260102", "0730", "+0800"));
  put(study(3, "20260102", "0730", ""));  // nobody knows where
  put(study(4, "20260102", "1200", "-0500"));
  put(study(5, "20260102", "", "+0000"));
  put(study(6, "", "0730", "+0800"));
  EXPECT_EQ(in("+0800", {{kDate, "20260102"}}), Found({"2.25.1", "2.25.2", "2.25.3", "2.25.5"}));
  EXPECT_EQ(in("+0000", {{kDate, "20260101"}}), Found({"2.25.1", "2.25.2"}));
  EXPECT_EQ(in("+0800", {{kDate, "20260103"}}), Found({"2.25.4"}));
  EXPECT_EQ(in("+0800", {{kTime, "0730"}}), Found({"2.25.1", "2.25.2", "2.25.3", "2.25.6"}));
  EXPECT_EQ(in("-0500", {{kTime, "1830"}}), Found({"2.25.1", "2.25.2", "2.25.6"}));
  EXPECT_EQ(in("+0000", {{kTime, "2300-2359"}}), Found({"2.25.1", "2.25.2", "2.25.6"}));
  EXPECT_EQ(in("+0800", {{kDate, "20260102-20260103"}, {kTime, "0800-0100"}}), Found({"2.25.4"}));
  EXPECT_EQ(in("+0800", {{kDate, "20260102"}}, "SERIES"),
            Found({"2.25.1.1", "2.25.2.1", "2.25.3.1", "2.25.5.1"}));
  EXPECT_EQ(in("+0800", {{kDate, "20260103"}}, "IMAGE"), Found({"2.25.4.1.1"}));
  EXPECT_EQ(in("+0800", {{kDate, "20260102"}, {"00100020", "P2"}}), Found({"2.25.2"}));
  // Without a zone everything is as it is written.
  EXPECT_EQ(found("STUDY", {{kDate, "20260101"}}), Found({"2.25.1"}));
  // A zone alone finds everything, and answers tell where their times are.
  Ask ask;
  ask.keys = {{kZone, "+0100"}};
  EXPECT_EQ(found(ask).size(), 6u);
  ask.keys.emplace_back("00100020", "P4");
  EXPECT_EQ(read_implicit(by_dimse(ask).matches.at(0).dataset).at(kZone), "-0500");
  EXPECT_NE(by_web(ask).body.find("\"00080201\":{\"vr\":\"SH\",\"Value\":[\"-0500\"]}"),
            std::string::npos);
  ask.keys = {{"00100020", "P4"}};  // also where it is not asked for
  EXPECT_EQ(read_implicit(by_dimse(ask).matches.at(0).dataset).at(kZone), "-0500");
  ask.keys = {{"00100020", "P3"}, {kZone, ""}};  // never empty
  EXPECT_FALSE(read_implicit(by_dimse(ask).matches.at(0).dataset).contains(kZone));
}

TEST_F(Zones, M4_WithoutNegotiationTheZoneIsAKey) {
  put(study(1, "20260101", "2330", "+0000"));
  put(study(2, "20260102", "0730", "+0800"));
  Ask ask;
  ask.zones = false;
  ask.keys = {{kDate, "20260102"}, {kZone, "+0800"}};
  EXPECT_EQ(by_dimse(ask).matches.size(), 1u);
  ask.keys = {{kDate, "20260101"}, {kZone, "+0800"}};
  EXPECT_EQ(by_dimse(ask).matches.size(), 0u);
  ask.zones = true;
  ask.keys = {{kDate, "20260102"}, {kZone, "+0800"}};
  EXPECT_EQ(by_dimse(ask).matches.size(), 2u);
  // What is no offset is refused.
  ask.keys.back().second = "+25";
  EXPECT_EQ(by_web(ask).status, 400);
  EXPECT_EQ(by_dimse(ask).last & 0xF000, 0xC000);
  // A plus sign as people write it into an address.
  EXPECT_NE(get("/dicom-web/studies?StudyDate=20260102&TimezoneOffsetFromUTC=+0800")
                .body.find("2.25.1\""),
            std::string::npos);
}

TEST_F(Zones, M4_DateTimesHaveTheOffsetOfTheirStudyOrTheirOwn) {
  const auto with = [](int n, const std::string& zone, uint32_t tag, const std::string& value) {
    ImageRecipe r = study(n, "20260101", "1200", zone);
    const Bytes more = DatasetMaker().text(tag, "DT", value).view();
    (tag < 0x00100000 ? r.before_patient : r.before_pixels) += more;
    return r;
  };
  // In rows, and in metadata only.
  for (const uint32_t tag : {0x0008002Au, 0x0018A002u}) {
    const int n = tag == 0x0008002A ? 0 : 10;
    put(with(n + 1, "+0000", tag, "20260101233000"));
    put(with(n + 2, "+0800", tag, "20260102073000"));
    put(with(n + 3, "", tag, "20260102073000"));
    put(with(n + 4, "-0500", tag, "20260102073000+0800"));
    put(with(n + 5, "-0500", tag, "20260102073000"));
    const std::string key = tag == 0x0008002A ? kAcquired : "0018A002";
    const auto instances = [&](std::initializer_list<int> numbers) {
      Found out;
      for (const int one : numbers) out.insert("2.25." + std::to_string(n + one) + ".1.1");
      return out;
    };
    EXPECT_EQ(in("+0800", {{key, "20260102073000"}}, "IMAGE"), instances({1, 2, 3, 4})) << key;
    EXPECT_EQ(in("+0800", {{key, "20260102-20260102"}}, "IMAGE"), instances({1, 2, 3, 4, 5}))
        << key;
    EXPECT_EQ(in("+0000", {{key, "20260102-"}}, "IMAGE"), instances({3, 5})) << key;
    EXPECT_EQ(in("-0500", {{key, "20260102073000+0800"}}, "IMAGE"), instances({1, 2, 4})) << key;
  }
}

// Minutes since some day, of forms without separators.
int64_t minutes_of(const std::string& date, const std::string& time) {
  using namespace std::chrono;
  const sys_days day{year{std::stoi(date.substr(0, 4))} /
                     month(static_cast<unsigned>(std::stoi(date.substr(4, 2)))) /
                     std::chrono::day(static_cast<unsigned>(std::stoi(date.substr(6, 2))))};
  return day.time_since_epoch().count() * 1440 + std::stoi(time.substr(0, 2)) * 60 +
         std::stoi(time.substr(2, 2));
}

TEST_F(Zones, M4_RandomStudiesAreFoundByTheirMoments) {
  std::mt19937 random(20261121);
  const auto padded = [](unsigned v) { return (v < 10 ? "0" : "") + std::to_string(v); };
  const std::vector<std::pair<std::string, int>> zones = {{"+0000", 0},    {"+0800", 480},
                                                          {"-0500", -300}, {"+0545", 345},
                                                          {"+1400", 840},  {"-1200", -720}};
  struct Moment {
    std::string study;
    int64_t utc;
  };
  std::vector<Moment> all;
  const auto some_date = [&] {
    return (random() % 2 == 0 ? "202602" : "202603") + padded(1 + random() % 28);
  };
  const auto some_time = [&] { return padded(random() % 24) + padded(random() % 60); };
  for (int n = 1; n <= 60; ++n) {
    const auto& [zone, offset] = zones[random() % zones.size()];
    const std::string date = some_date(), time = some_time();
    put(study(n, date, time, zone));
    all.push_back({"2.25." + std::to_string(n), minutes_of(date, time) - offset});
  }
  size_t matched = 0;
  for (int n = 0; n < 60; ++n) {
    const auto& [zone, offset] = zones[random() % zones.size()];
    std::string low = some_date(), high = some_date();
    if (high < low) std::swap(low, high);
    const std::string from = some_time(), to = some_time();
    const bool combined = random() % 2 == 0;
    Keys keys{{kDate, low + "-" + high}};
    if (combined) keys.emplace_back(kTime, from + "-" + to);
    Found expected;
    for (const Moment& one : all) {
      const int64_t here = one.utc + offset;
      const int64_t begin = minutes_of(low, combined ? from : "0000");
      const int64_t end = minutes_of(high, combined ? to : "2359");
      if (begin <= here && here <= end) expected.insert(one.study);
    }
    matched += expected.empty() ? 0 : 1;
    EXPECT_EQ(in(zone, keys), expected) << zone << " " << low << "-" << high << " " << from << "-"
                                        << to << (combined ? " combined" : "");
  }
  EXPECT_GT(matched, 30u);
}

}  // namespace
}  // namespace medarc::web

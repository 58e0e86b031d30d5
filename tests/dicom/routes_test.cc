// Routing rules: which object goes where, and which rules are refused when they are read.
#include "dicom/routes.h"

#include <gtest/gtest.h>

#include <set>

#include "dicom/dictionary.h"

namespace medarc::dicom::test {
namespace {

using Targets = std::set<std::string>;
using Listed = std::vector<RouteTarget>;

Targets names(const std::vector<RouteTarget>& targets) {
  Targets out;
  for (const RouteTarget& target : targets) out.insert(target.name);
  return out;
}

constexpr const char* kPeers =
    "[[dicom.peer]]\naet = \"PACS\"\nport = 104\n[[dicom.peer]]\naet = \"RESEARCH\"\nport = 105\n"
    "[[dicom.peer]]\naet = \"CT1\"\n";

Result<Routes> read(const std::string& rules) {
  EXPECT_TRUE(load_dictionary().has_value());
  auto config = Config::parse(kPeers + rules);
  EXPECT_TRUE(config.has_value()) << (config.has_error() ? config.error().text : "");
  auto destinations = Destinations::from(*config);
  EXPECT_TRUE(destinations.has_value());
  auto web = WebDestinations::from(*config);
  if (web.has_error()) return web.error();
  return Routes::from(*config, *destinations, *web);
}

index::StoreInstance object(const std::string& modality, const std::string& station = "") {
  index::StoreInstance out;
  out.series_attributes.set({0x00080060}, "CS", {modality});
  if (!station.empty()) out.series_attributes.set({0x00081010}, "SH", {station});
  out.study_attributes.set({0x00081030}, "LO", {"HEAD ROUTINE"});
  return out;
}

TEST(Routes, AllConditionsOfARuleMustHold) {
  const auto routes = read(
      "[[dicom.route]]\nto = \"PACS\"\nModality = \"CT, MR\"\ncalling = \"CT*\"\n"
      "[[dicom.route]]\nto = \"RESEARCH\"\nStudyDescription = \"HEAD*\"\n\"0008,1010\" = "
      "\"ER?\"\n");
  ASSERT_TRUE(routes.has_value()) << routes.error().text;
  EXPECT_EQ(names(routes->targets(object("CT"), "CT7", 0)), (Targets{"PACS"}));
  EXPECT_EQ(names(routes->targets(object("MR"), "CT7", 0)), (Targets{"PACS"}));
  EXPECT_EQ(names(routes->targets(object("US"), "CT7", 0)), Targets());
  EXPECT_EQ(names(routes->targets(object("CT"), "MR7", 0)), Targets());
  EXPECT_EQ(names(routes->targets(object("CT"), "", 0)), Targets());
  EXPECT_EQ(names(routes->targets(object("CT", "ER1"), "CT7", 0)), (Targets{"PACS", "RESEARCH"}));
  EXPECT_EQ(names(routes->targets(object("US", "ER"), "CT7", 0)), Targets());
}

TEST(Routes, NothingGoesBackToItsSender) {
  const auto routes = read("[[dicom.route]]\nto = \"PACS,RESEARCH\"\n");
  EXPECT_EQ(names(routes->targets(object("CT"), "PACS", 0)), (Targets{"RESEARCH"}));
  EXPECT_EQ(names(routes->targets(object("CT"), "", 0)), (Targets{"PACS", "RESEARCH"}));
}

TEST(Routes, CommitmentIsWantedWhenARuleThatHoldsOrThePeerSaysSo) {
  const auto routes = read(
      "[[dicom.peer]]\naet = \"KEEPER\"\nport = 106\ncommit = true\n"
      "[[dicom.route]]\nto = \"PACS,RESEARCH,KEEPER\"\n"
      "[[dicom.route]]\nto = \"PACS\"\ncommit = true\nModality = \"CT\"\n");
  ASSERT_TRUE(routes.has_value()) << routes.error().text;
  EXPECT_EQ(routes->targets(object("CT"), "", 0),
            (Listed{{"KEEPER", false, true}, {"PACS", false, true}, {"RESEARCH", false, false}}));
  EXPECT_EQ(routes->targets(object("MR"), "", 0),
            (Listed{{"KEEPER", false, true}, {"PACS", false, false}, {"RESEARCH", false, false}}));
}

constexpr const char* kCloud =
    "[[dicom.web_destination]]\nname = \"cloud\"\nurl = \"http://127.0.0.1:8042/dicom-web/\"\n"
    "[[dicom.web_destination]]\nurl = \"http://[::1]/dw\"\n";

TEST(Routes, WebDestinationsAreNamedOrGivenByTheirUrl) {
  const auto routes =
      read(std::string(kCloud) + "[[dicom.route]]\nto = \"cloud,http://[::1]/dw,PACS\"\n");
  ASSERT_TRUE(routes.has_value()) << routes.error().text;
  EXPECT_EQ(routes->targets(object("CT"), "PACS", 0),
            (Listed{{"cloud", true, false}, {"http://[::1]/dw", true, false}}));
}

TEST(Routes, HoursMayCrossMidnight) {
  const auto night = read("[[dicom.route]]\nto = \"PACS\"\nhours = \"18:30-07:00\"\n");
  ASSERT_TRUE(night.has_value());
  const auto at = [&](int hour, int minute) {
    return !night->targets(object("CT"), "", hour * 60 + minute).empty();
  };
  EXPECT_FALSE(at(18, 29));
  EXPECT_TRUE(at(18, 30));
  EXPECT_TRUE(at(23, 59));
  EXPECT_TRUE(at(0, 0));
  EXPECT_TRUE(at(6, 59));
  EXPECT_FALSE(at(7, 0));
  const auto day = read("[[dicom.route]]\nto = \"PACS\"\nhours = \"08:00-24:00\"\n");
  EXPECT_TRUE(day->targets(object("CT"), "", 7 * 60).empty());
  EXPECT_FALSE(day->targets(object("CT"), "", 23 * 60 + 59).empty());
}

TEST(Routes, RulesForStableStudiesWaitForThem) {
  const auto routes = read(
      "[[dicom.route]]\nto = \"PACS\"\nwhen = \"stable\"\nModality = \"CT\"\n"
      "[[dicom.route]]\nto = \"RESEARCH\"\nwhen = \"stable\"\nagain = \"all\"\n"
      "[[dicom.route]]\nto = \"PACS\"\nwhen = \"stored\"\nModality = \"MR\"\n");
  ASSERT_TRUE(routes.has_value()) << routes.error().text;
  EXPECT_TRUE(routes->any_stable());
  EXPECT_TRUE(routes->any_again());
  EXPECT_EQ(names(routes->targets(object("CT"), "", 0)), Targets());
  EXPECT_EQ(names(routes->targets(object("MR"), "", 0)), (Targets{"PACS"}));
  EXPECT_EQ(names(routes->stable_targets(object("CT"), "", 0, true)),
            (Targets{"PACS", "RESEARCH"}));
  EXPECT_EQ(names(routes->stable_targets(object("MR"), "", 0, true)), (Targets{"RESEARCH"}));
  EXPECT_EQ(names(routes->stable_targets(object("CT"), "", 0, false)), (Targets{"RESEARCH"}));
  EXPECT_EQ(names(routes->stable_targets(object("CT"), "RESEARCH", 0, true)), (Targets{"PACS"}));
  EXPECT_FALSE(read("[[dicom.route]]\nto = \"PACS\"\n")->any_stable());
}

TEST(Routes, RulesComeAndGo) {
  const auto routes = read("[[dicom.route]]\nto = \"PACS\"\n");
  ASSERT_TRUE(routes.has_value());
  Routes shared = *routes;  // copies share their rules
  auto rule = shared.read({{"to", "RESEARCH"}, {"Modality", "MR"}});
  ASSERT_TRUE(rule.has_value()) << rule.error().text;
  shared.put("night", std::move(*rule));
  EXPECT_EQ(names(routes->targets(object("MR"), "", 0)), (Targets{"PACS", "RESEARCH"}));
  EXPECT_EQ(names(routes->targets(object("CT"), "", 0)), (Targets{"PACS"}));
  EXPECT_EQ(routes->sending_to("RESEARCH"), "night");
  EXPECT_EQ(routes->sending_to("PACS"), configured_rule_name(1));
  EXPECT_EQ(routes->sending_to("CT1"), std::nullopt);
  shared.put("night", *shared.read({{"to", "PACS"}, {"commit", "true"}}));
  EXPECT_EQ(routes->targets(object("MR"), "", 0), (Listed{{"PACS", false, true}}));
  shared.remove("night");
  EXPECT_EQ(routes->targets(object("MR"), "", 0), (Listed{{"PACS", false, false}}));
  EXPECT_EQ(shared.read({{"to", "NOBODY"}}).error().code, Code::invalid_argument);
}

TEST(Routes, RulesThatCannotBeAreRefused) {
  for (const char* rule : {"to = \"PACS\"\nwhen = \"later\"", "to = \"PACS\"\nagain = \"all\"",
                           "to = \"PACS\"\nwhen = \"stable\"\nagain = \"some\"",
                           "to = \"PACS\"\nwhen = \"stored\"\nagain = \"new\""}) {
    const auto routes = read(std::string("[[dicom.route]]\n") + rule + "\n");
    ASSERT_TRUE(routes.has_error()) << rule;
    EXPECT_EQ(routes.error().code, Code::invalid_argument) << rule;
  }
  for (const char* rule :
       {"Modality = \"CT\"", "to = \"NOBODY\"", "to = \"CT1\"", "to = \"PACS\"\nhours = \"18-7\"",
        "to = \"PACS\"\nhours = \"18:00-25:00\"", "to = \"PACS\"\nhours = \"1é:00-25:00\"",
        "to = \"PACS\"\ncommit = \"perhaps\"", "to = \"cloud\"\ncommit = true", "to = \"PEER9\"",
        "to = \"PACS\"\nModalty = \"CT\"", "to = \"PACS\"\nPixelData = \"*\""}) {
    const auto routes = read(kCloud +
                             std::string("[[dicom.web_destination]]\nname = \"PEER9\"\n"
                                         "url = \"http://127.0.0.1\"\n"
                                         "[[dicom.peer]]\naet = \"PEER9\"\nport = 9\n"
                                         "[[dicom.route]]\n") +
                             rule + "\n");
    ASSERT_TRUE(routes.has_error()) << rule;
    EXPECT_EQ(routes.error().code, Code::invalid_argument) << rule;
  }
  EXPECT_TRUE(read("")->targets(object("CT"), "", 0).empty());
}

}  // namespace
}  // namespace medarc::dicom::test

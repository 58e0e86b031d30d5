// Which attributes an item must and may have: PS3.4 table CC.2.5-3.
#include "dicom/worklist/rules.h"

#include <gtest/gtest.h>

#include "tests/support/work_items.h"

namespace medarc::dicom::worklist {
namespace {

using medarc::test::work_item_json;

constexpr Timestamp kNow{1'767'340'800'000'000};  // 2026-01-02T08:00:00Z

class WorklistRules : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(load_dictionary().has_value()); }
  static DataSet of(const std::string& json) { return *read_dataset_json(json, {}); }
  static DataSet item() {
    DataSet out = of(work_item_json());
    EXPECT_EQ(complete_new_item(out, "1.2.3", "LIST", kNow).status, kDone);
    return out;
  }
};

TEST_F(WorklistRules, U1_ACompleteItemIsTakenAsItIs) {
  const DataSet made = item();
  EXPECT_EQ(made.first(kSopInstance), "1.2.3");
  EXPECT_EQ(made.first(kSopClass), kPushSopClass);
  EXPECT_EQ(made.first(kModified), "20260102080000.000000+0000");
  EXPECT_EQ(made.first(Tag{0x00741202}), "CT reading");
}

TEST_F(WorklistRules, U1_WhatIsMissingIsNamed) {
  for (const uint32_t tag : {0x00741200, 0x00741204, 0x00404005, 0x00404041, 0x00741000}) {
    DataSet lacks = of(work_item_json());
    lacks.erase(Tag{tag});
    const Reply reply = complete_new_item(lacks, "1.2.3", "LIST", kNow);
    EXPECT_EQ(reply.status, kMissingAttribute);
    EXPECT_NE(reply.text.find(keyword_of(Tag{tag})), std::string::npos) << reply.text;
    DataSet empty = of(work_item_json());
    empty.set(Tag{tag}, "CS", {});
    EXPECT_EQ(complete_new_item(empty, "1.2.3", "LIST", kNow).status, kMissingValue);
  }
}

TEST_F(WorklistRules, U1_WhatMayBeEmptyIsFilledIn) {
  DataSet lacks = of(work_item_json());
  lacks.erase(Tag{0x00100010});
  lacks.erase(Tag{0x00741216});
  EXPECT_EQ(complete_new_item(lacks, "1.2.3", "LIST", kNow).status, kCreatedWithChanges);
  ASSERT_NE(lacks.find(Tag{0x00100010}), nullptr);
  EXPECT_FALSE(lacks.has_value(Tag{0x00100010}));
  DataSet unlabelled = of(work_item_json());
  unlabelled.set(Tag{0x00741202}, "LO", {});
  EXPECT_EQ(complete_new_item(unlabelled, "1.2.3", "LIST", kNow).status, kDone);
  EXPECT_EQ(unlabelled.first(Tag{0x00741202}), "LIST");
}

TEST_F(WorklistRules, U1_WhatOnlyComesLaterIsRefused) {
  const auto status = [](const std::string& json) {
    DataSet item = of(json);
    return complete_new_item(item, "1.2.3", "LIST", kNow).status;
  };
  EXPECT_EQ(status(work_item_json("x", "", "IN PROGRESS")), kNotScheduled);
  EXPECT_EQ(status(work_item_json("x", R"(,"00081195":{"vr":"UI","Value":["2.25.1"]})")),
            kInvalidAttribute);
  EXPECT_EQ(status(work_item_json("x", R"(,"00081195":{"vr":"UI"})")), kDone);
  for (const char* early : {"00741002", "00741216"}) {
    std::string json = work_item_json();
    const std::string member = "\"" + std::string(early) + R"(":{"vr":"SQ")";
    json.insert(json.find(member) + member.size(), R"(,"Value":[{}])");
    EXPECT_EQ(status(json), kInvalidAttribute) << early;
  }
  std::string urgent = work_item_json();
  urgent.replace(urgent.find("MEDIUM"), 6, "URGENT");
  EXPECT_EQ(status(urgent), kInvalidAttribute);
  std::string ready = work_item_json();
  ready.replace(ready.find("\"READY\""), 7, "\"NEARLY\"");
  EXPECT_EQ(status(ready), kInvalidAttribute);
}

TEST_F(WorklistRules, ChangesKeepToTheTable) {
  const DataSet before = item();
  const auto set = [&](const std::string& json, DataSet* after = nullptr) {
    DataSet changed = before;
    const Reply reply = apply_changes(changed, of(json), {kNow.us + 1'000'000});
    if (after != nullptr) *after = changed;
    return reply.status;
  };
  DataSet after;
  EXPECT_EQ(set(R"({"00741204":{"vr":"LO","Value":["New"]},"00400400":{"vr":"LT"}})", &after),
            kDone);
  EXPECT_EQ(after.first(Tag{0x00741204}), "New");
  EXPECT_EQ(after.first(kModified), "20260102080001.000000+0000");
  EXPECT_EQ(set(R"({"00741204":{"vr":"LO"}})"), kMissingValue);
  EXPECT_EQ(set(R"({"00741000":{"vr":"CS","Value":["COMPLETED"]}})"), kInvalidAttribute);
  EXPECT_EQ(set(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Other"}]}})"), kInvalidAttribute);
  EXPECT_EQ(set(R"({"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^Jane"}]}})"), kDone);
  EXPECT_EQ(set(R"({"00404041":{"vr":"CS","Value":["NEARLY"]}})"), kInvalidAttribute);
  EXPECT_EQ(set(R"({"00081195":{"vr":"UI","Value":["2.25.9"]}})", &after), kDone);
  EXPECT_EQ(after.find(kTransaction), nullptr);
}

TEST_F(WorklistRules, CompletedNeedsWhatWasPerformed) {
  DataSet done = item();
  EXPECT_EQ(complete_final_item(done, State::completed, kNow).status, kFinalRequirements);
  apply_changes(done, of(medarc::test::performed_json()), kNow);
  EXPECT_EQ(complete_final_item(done, State::completed, kNow).status, kDone);
  for (const uint32_t tag : {0x00404028, 0x00404019, 0x00404050, 0x00404051, 0x00404033}) {
    DataSet lacks = done;
    DataElement performed = *lacks.find(kPerformed);
    performed.items[0].erase(Tag{tag});
    lacks.set(performed);
    const Reply reply = complete_final_item(lacks, State::completed, kNow);
    EXPECT_EQ(reply.status, kFinalRequirements);
    EXPECT_NE(reply.text.find(keyword_of(Tag{tag})), std::string::npos) << reply.text;
    EXPECT_EQ(complete_final_item(lacks, State::canceled, kNow).status, kFinalRequirements);
  }
}

TEST_F(WorklistRules, CanceledNeedsAReasonAndGetsItsTime) {
  DataSet ended = item();
  EXPECT_EQ(complete_final_item(ended, State::canceled, kNow).status, kFinalRequirements);
  apply_changes(ended, of(medarc::test::discontinued_json()), kNow);
  EXPECT_EQ(complete_final_item(ended, State::canceled, kNow).status, kDone);
  EXPECT_EQ(ended.find(kProgress)->items[0].first(kCancelledAt), "20260102080000.000000+0000");
  EXPECT_EQ(complete_final_item(ended, State::canceled, {kNow.us + 5'000'000}).status, kDone);
  EXPECT_EQ(ended.find(kProgress)->items[0].first(kCancelledAt), "20260102080000.000000+0000");
}

}  // namespace
}  // namespace medarc::dicom::worklist

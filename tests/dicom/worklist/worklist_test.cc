// U1, U2, U3, U5: items over their life, on a real archive.
#include "dicom/worklist/worklist.h"

#include <atomic>

#include "tests/dicom/worklist/fixture.h"

namespace medarc::dicom::worklist {
namespace {

class WorklistTest : public WorklistFixture {};

TEST_F(WorklistTest, U1_CreatedItemsAreThereAndTheirUidIsTaken) {
  EXPECT_EQ(create("1.2.3"), kDone);
  EXPECT_EQ(create("1.2.3"), kUidTaken);
  EXPECT_EQ(state("1.2.3"), "SCHEDULED");
  EXPECT_EQ(create("not a uid"), kInvalidUid);
  EXPECT_EQ(create(""), kInvalidUid);
  EXPECT_EQ(create(std::string(kAllItems)), kInvalidUid);
  EXPECT_EQ(create(std::string(kFilteredItems)), kInvalidUid);
  EXPECT_EQ(create("1.2.4", "{}"), kMissingAttribute);
}

TEST_F(WorklistTest, U2_AClaimedItemIsItsPerformersAlone) {
  create("1.2.3");
  EXPECT_EQ(to_state("1.2.3", "COMPLETED", "2.25.1"), kNotInProgress);
  EXPECT_EQ(to_state("1.2.3", "IN PROGRESS", ""), kWrongTransaction);
  EXPECT_EQ(to_state("1.2.3", "IN PROGRESS", "2.25.1"), kDone);
  EXPECT_EQ(to_state("1.2.3", "IN PROGRESS", "2.25.1"), kAlreadyInProgress);
  EXPECT_EQ(to_state("1.2.3", "IN PROGRESS", "2.25.2"), kWrongTransaction);
  EXPECT_EQ(update("1.2.3", "2.25.2", performed_json()), kWrongTransaction);
  EXPECT_EQ(update("1.2.3", "", performed_json()), kWrongTransaction);
  EXPECT_EQ(to_state("1.2.3", "COMPLETED", "2.25.1"), kFinalRequirements);
  EXPECT_EQ(update("1.2.3", "2.25.1", performed_json()), kDone);
  EXPECT_EQ(to_state("1.2.3", "COMPLETED", "2.25.1"), kDone);
  EXPECT_EQ(to_state("1.2.3", "COMPLETED", "2.25.1"), kAlreadyCompleted);
  EXPECT_EQ(to_state("1.2.3", "CANCELED", "2.25.1"), kMayNoLongerChange);
  EXPECT_EQ(update("1.2.3", "2.25.1", performed_json()), kMayNoLongerChange);
  EXPECT_EQ(state("1.2.3"), "COMPLETED");
  EXPECT_EQ(to_state("1.2.3", "SLEEPING", "2.25.1"), kInvalidAttribute);
}

TEST_F(WorklistTest, U2_OneOfManyWhoClaimAnItemGetsIt) {
  for (int round = 0; round < 5; ++round) {
    const std::string uid = "1.2." + std::to_string(round);
    create(uid);
    std::atomic<int> won{0}, late{0};
    std::atomic<int> owner{-1};
    std::vector<std::thread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        const uint16_t got = to_state(uid, "IN PROGRESS", "2.25." + std::to_string(t + 1));
        if (got == kDone) {
          ++won;
          owner = t + 1;
        }
        late += got == kWrongTransaction ? 1 : 0;
      });
    }
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(late, 5);
    EXPECT_EQ(update(uid, "2.25." + std::to_string(owner), performed_json()), kDone);
  }
}

TEST_F(WorklistTest, U2_ChangesAtTheSameTimeAreAllKept) {
  create("1.2.3");
  to_state("1.2.3", "IN PROGRESS", "2.25.1");
  std::vector<std::thread> threads;
  const char* tags[] = {"00741204", "00741202", "00321060", "00400254", "00400280", "00081030"};
  for (const char* tag : tags) {
    threads.emplace_back([&, tag] {
      for (int n = 0; n < 5; ++n) {
        EXPECT_EQ(update("1.2.3", "2.25.1",
                         "{\"" + std::string(tag) + R"(":{"vr":"LO","Value":["v)" +
                             std::to_string(n) + "\"]}}"),
                  kDone);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  const DataSet after = item("1.2.3");
  for (const char* tag : tags) EXPECT_EQ(after.first(*parse_tag(tag)), "v4") << tag;
}

TEST_F(WorklistTest, U3_TheTransactionUidIsNeverInAReply) {
  create("1.2.3", work_item_json("x", R"(,"00081195":{"vr":"UI"})"));
  const auto secret = [&] { return to_json(item("1.2.3")).find("00081195"); };
  EXPECT_EQ(secret(), std::string::npos);
  to_state("1.2.3", "IN PROGRESS", "2.25.1");
  EXPECT_EQ(update("1.2.3", "",
                   R"({"00081195":{"vr":"UI","Value":["2.25.1"]},)"
                   R"("00741204":{"vr":"LO","Value":["New"]}})"),
            kDone);
  EXPECT_EQ(secret(), std::string::npos);
  const DataSet asked = project(item("1.2.3"), of(R"({"00081195":{"vr":"UI"}})"));
  EXPECT_TRUE(asked.empty());
}

TEST_F(WorklistTest, ARequestToCancelEndsAScheduledItemAndTellsAPerformer) {
  create("1.2.3");
  subscribe("1.2.3");
  told();
  EXPECT_EQ(cancel("1.2.3", R"({"00741238":{"vr":"LT","Value":["No longer needed"]}})"), kDone);
  EXPECT_EQ(told(), (Texts{"1 1.2.3 IN PROGRESS", "1 1.2.3 CANCELED"}));
  const DataSet ended = item("1.2.3");
  EXPECT_EQ(ended.first(kStepState), "CANCELED");
  EXPECT_EQ(ended.find(kProgress)->items[0].first(kCancelReason), "No longer needed");
  EXPECT_TRUE(ended.find(kProgress)->items[0].has_value(kDiscontinuation));
  EXPECT_TRUE(ended.find(kProgress)->items[0].has_value(kCancelledAt));
  EXPECT_EQ(cancel("1.2.3"), kAlreadyCanceled);
  EXPECT_EQ(to_state("1.2.3", "CANCELED", "2.25.9"), kAlreadyCanceled);

  create("1.2.4");
  to_state("1.2.4", "IN PROGRESS", "2.25.1");
  EXPECT_EQ(cancel("1.2.4"), kPerformerUnreachable);  // nobody listens
  subscribe("1.2.4");
  told();
  EXPECT_EQ(cancel("1.2.4"), kDone);
  EXPECT_EQ(told(), Texts{"2 1.2.4"});
  EXPECT_EQ(state("1.2.4"), "IN PROGRESS");
  EXPECT_EQ(update("1.2.4", "2.25.1", discontinued_json()), kDone);
  EXPECT_EQ(to_state("1.2.4", "CANCELED", "2.25.1"), kDone);

  create("1.2.5");
  complete("1.2.5");
  EXPECT_EQ(cancel("1.2.5"), kCompletedAlready);
  EXPECT_EQ(cancel("9.9"), kNoSuchItem);
}

TEST_F(WorklistTest, U5_FinalItemsGoAfterTheirTimeUnlessLocked) {
  create("1.2.1");
  create("1.2.2");
  create("1.2.3");
  complete("1.2.1");
  complete("1.2.2");
  subscribe("1.2.2", "WATCH", true);
  EXPECT_EQ(*list_->remove_final(Timestamp{0}), 0u);
  EXPECT_EQ(*list_->remove_final({now().us + 1}), 1u);
  const auto gone = list_->retrieve(who_, "1.2.1");
  EXPECT_EQ(gone->reply.status, kNoSuchItem);
  EXPECT_TRUE(gone->reply.gone);
  EXPECT_FALSE(list_->retrieve(who_, "9.9")->reply.gone);
  EXPECT_EQ(state("1.2.2"), "COMPLETED");
  EXPECT_EQ(state("1.2.3"), "SCHEDULED");
  EXPECT_EQ(subscribe("1.2.2", "WATCH", false), kDone);  // the lock goes
  EXPECT_EQ(*list_->remove_final({now().us + 1}), 1u);
  EXPECT_EQ(create("1.2.1"), kUidTaken);
  const auto late = list_->update(who_, "1.2.2", "2.25.1", {});
  EXPECT_TRUE(late->gone);
  EXPECT_TRUE(index_->view()->subscribers()->empty());
}

TEST_F(WorklistTest, ARestartKeepsEverything) {
  create("1.2.3");
  to_state("1.2.3", "IN PROGRESS", "2.25.1");
  subscribe("1.2.3", "WATCH", true);
  subscribe(std::string(kAllItems), "OTHER");
  told();
  told("OTHER");
  open();
  EXPECT_EQ(update("1.2.3", "2.25.2", performed_json()), kWrongTransaction);
  EXPECT_EQ(update("1.2.3", "2.25.1", performed_json()), kDone);
  EXPECT_EQ(to_state("1.2.3", "COMPLETED", "2.25.1"), kDone);
  EXPECT_EQ(told(), Texts{"1 1.2.3 COMPLETED"});
  EXPECT_EQ(told("OTHER"), Texts{"1 1.2.3 COMPLETED"});
  EXPECT_EQ(*list_->remove_final({now().us + 1}), 0u);
  // The rows themselves come back from the log as they were.
  list_.reset();
  jobs_.reset();
  guard_.reset();
  index_.reset();
  std::filesystem::remove_all(dir_ / "index");
  open();
  EXPECT_EQ(state("1.2.3"), "COMPLETED");
  EXPECT_EQ(index_->view()->subscribers()->size(), 2u);
}

TEST_F(WorklistTest, EveryUseIsAuthorisedAndAudited) {
  const security::Principal stranger{"token:genes", {security::Role::bioinformatician}, "t", ""};
  EXPECT_EQ(list_->create(stranger, "1.2.3", of(work_item_json())).error().code,
            Code::permission_denied);
  EXPECT_EQ(list_->retrieve(stranger, "1.2.3").error().code, Code::permission_denied);
  EXPECT_EQ(list_->update(stranger, "1.2.3", "", {}).error().code, Code::permission_denied);
  EXPECT_EQ(list_->change_state(stranger, "1.2.3", {}).error().code, Code::permission_denied);
  EXPECT_EQ(list_->request_cancel(stranger, "1.2.3", {}, "X").error().code,
            Code::permission_denied);
  EXPECT_EQ(list_->find(stranger, *index_->view(), {}).error().code, Code::permission_denied);
  EXPECT_EQ(list_->subscribe(stranger, {"1.2.3", "WATCH", false, false, {}}).error().code,
            Code::permission_denied);
  EXPECT_EQ(list_->unsubscribe(stranger, "1.2.3", "WATCH").error().code, Code::permission_denied);
  EXPECT_EQ(list_->suspend(stranger, "1.2.3", "WATCH").error().code, Code::permission_denied);
  EXPECT_EQ(list_->open_channel(stranger, "WATCH").error().code, Code::permission_denied);
  create("1.2.3");
  complete("1.2.3");
  (void)item("1.2.3");
  guard_.reset();  // writes what is grouped
  std::vector<std::string> seen;
  const auto entries = index_->view()->audit(0, 1000);
  for (const index::AuditEntry& e : *entries) {
    EXPECT_EQ(e.detail.find("2.25.1"), std::string::npos);
    if (e.allowed) seen.push_back(e.action + " " + e.object + " " + e.detail);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{
                      "store workitem/1.2.3 create", "store workitem/1.2.3 state IN PROGRESS",
                      "store workitem/1.2.3 update", "store workitem/1.2.3 state COMPLETED",
                      "read workitem/1.2.3 "}));
  guard_ = security::Guard::create(*index_, {});
}

TEST_F(WorklistTest, AnItemMayNotGrowOverItsLimit) {
  options_.item.bytes_max = 4000;
  open();
  EXPECT_EQ(create("1.2.3"), kDone);
  EXPECT_EQ(
      list_
          ->update(who_, "1.2.3", "",
                   of(R"({"00400400":{"vr":"LT","Value":[")" + std::string(3000, 'x') + "\"]}}"))
          .error()
          .code,
      Code::too_large);
}

}  // namespace
}  // namespace medarc::dicom::worklist

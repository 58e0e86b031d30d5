// U4: table CC.2.3-2, who is told of what, and event channels.
#include "tests/dicom/worklist/fixture.h"

namespace medarc::dicom::worklist {
namespace {

const std::string kAll(kAllItems), kFiltered(kFilteredItems);

std::string station(const std::string& value) {
  return R"({"00404025":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":[")" + value +
         R"("]}}]}})";
}

class SubscriptionTest : public WorklistFixture {
 protected:
  enum class Is { no, locked, unlocked };
  Is subscription(const std::string& uid, const std::string& aet = "WATCH") {
    const auto row = *index_->view()->subscription(index::SopInstanceUid(uid), aet);
    return !row ? Is::no : row->deletion_lock ? Is::locked : Is::unlocked;
  }
  void bring_to(Is is) {
    if (is != Is::no) subscribe("1.2.3", "WATCH", is == Is::locked);
    told();
  }
  std::shared_ptr<Channel> channel(const std::string& aet) {
    auto out = list_->open_channel(who_, aet);
    EXPECT_TRUE(out.has_value());
    return *out;
  }
  uint16_t over_web(const std::string& target, const std::string& aet = "PAGE") {
    return status(list_->subscribe(who_, {target, aet, false, true, {}}));
  }
};

TEST_F(SubscriptionTest, U4_EveryCellOfTheSubscriptionTable) {
  struct Row {
    std::string name;
    std::function<void()> act;
    Is after[3];    // from: not subscribed, with lock, without
    bool event[3];  // the first event
  };
  const Row rows[] = {
      {"globally with lock",
       [&] { subscribe(kAll, "WATCH", true); },
       {Is::locked, Is::locked, Is::unlocked},
       {true, false, false}},
      {"globally without",
       [&] { subscribe(kAll, "WATCH", false); },
       {Is::unlocked, Is::locked, Is::unlocked},
       {false, false, false}},
      {"specific with lock",
       [&] { subscribe("1.2.3", "WATCH", true); },
       {Is::locked, Is::locked, Is::locked},
       {true, true, true}},
      {"specific without",
       [&] { subscribe("1.2.3", "WATCH", false); },
       {Is::unlocked, Is::unlocked, Is::unlocked},
       {true, true, true}},
      {"unsubscribes",
       [&] { unsubscribe("1.2.3"); },
       {Is::no, Is::no, Is::no},
       {false, false, false}},
      {"unsubscribes globally",
       [&] { unsubscribe(kAll); },
       {Is::no, Is::no, Is::no},
       {false, false, false}},
      {"suspends",
       [&] { (void)list_->suspend(who_, kAll, "WATCH"); },
       {Is::no, Is::locked, Is::unlocked},
       {false, false, false}},
  };
  const Is from[] = {Is::no, Is::locked, Is::unlocked};
  create("1.2.3");
  for (const Row& row : rows) {
    for (size_t i = 0; i < 3; ++i) {
      unsubscribe(kAll);
      bring_to(from[i]);
      row.act();
      EXPECT_EQ(subscription("1.2.3"), row.after[i]) << row.name << " " << i;
      EXPECT_EQ(told(), row.event[i] ? Texts{"1 1.2.3 SCHEDULED"} : Texts{})
          << row.name << " " << i;
    }
  }
}

TEST_F(SubscriptionTest, U4_NewItemsAreSubscribedToByWhoeverWantsAll) {
  create("1.2.1");
  EXPECT_TRUE(told().empty());
  subscribe(kAll, "WATCH", true);
  subscribe(kAll, "OTHER", false);
  told();
  create("1.2.2");
  EXPECT_EQ(subscription("1.2.2"), Is::locked);
  EXPECT_EQ(subscription("1.2.2", "OTHER"), Is::unlocked);
  // With who is to do it, since the item names a station.
  EXPECT_EQ(told(), (Texts{"1 1.2.2 SCHEDULED", "5 1.2.2"}));
  EXPECT_EQ(told("OTHER"), (Texts{"1 1.2.2 SCHEDULED", "5 1.2.2"}));
  ASSERT_TRUE(list_->suspend(who_, kAll, "WATCH").has_value());
  create("1.2.3");
  EXPECT_EQ(subscription("1.2.3"), Is::no);
  EXPECT_EQ(subscription("1.2.1"), Is::locked);  // what was subscribed to stays
  unsubscribe(kAll, "OTHER");
  EXPECT_EQ(subscription("1.2.2", "OTHER"), Is::no);
  create("1.2.4");
  EXPECT_EQ(subscription("1.2.4", "OTHER"), Is::no);
}

TEST_F(SubscriptionTest, U4_AFilterChoosesAmongExistingAndNewItems) {
  create("1.2.1", work_item_json("a", "", "SCHEDULED", "CT1"));
  create("1.2.2", work_item_json("a", "", "SCHEDULED", "CT2"));
  EXPECT_EQ(subscribe(kFiltered, "WATCH", false, station("CT1")), kDone);
  EXPECT_EQ(subscription("1.2.1"), Is::unlocked);
  EXPECT_EQ(subscription("1.2.2"), Is::no);
  create("1.2.3", work_item_json("a", "", "SCHEDULED", "CT1"));
  create("1.2.4", work_item_json("a", "", "SCHEDULED", "CT2"));
  EXPECT_EQ(subscription("1.2.3"), Is::unlocked);
  EXPECT_EQ(subscription("1.2.4"), Is::no);
  EXPECT_EQ(subscribe(kFiltered, "OTHER"), kInvalidAttribute);
  EXPECT_EQ(subscribe(kFiltered, "OTHER", false, R"({"00081195":{"vr":"UI","Value":["2.25.1"]}})"),
            kInvalidAttribute);
  ASSERT_TRUE(list_->suspend(who_, kFiltered, "WATCH").has_value());
  create("1.2.5", work_item_json("a", "", "SCHEDULED", "CT1"));
  EXPECT_EQ(subscription("1.2.5"), Is::no);
}

TEST_F(SubscriptionTest, U4_EventsTellWhatHasChanged) {
  create("1.2.3");
  subscribe("1.2.3");
  told();
  to_state("1.2.3", "IN PROGRESS", "2.25.1");
  EXPECT_EQ(told(), Texts{"1 1.2.3 IN PROGRESS"});
  update("1.2.3", "2.25.1",
         R"({"00741002":{"vr":"SQ","Value":[{"00741004":{"vr":"DS","Value":[25]}}]}})");
  EXPECT_EQ(told(), Texts{"3 1.2.3"});
  update("1.2.3", "2.25.1", R"({"00404041":{"vr":"CS","Value":["INCOMPLETE"]}})");
  EXPECT_EQ(told(), Texts{"1 1.2.3 IN PROGRESS"});
  update("1.2.3", "2.25.1",
         R"({"00404025":{"vr":"SQ","Value":)" + medarc::test::code_json("READ2") + "}}");
  EXPECT_EQ(told(), Texts{"5 1.2.3"});
  update("1.2.3", "2.25.1", R"({"00741204":{"vr":"LO","Value":["Label"]}})");
  EXPECT_TRUE(told().empty());
}

TEST_F(SubscriptionTest, U4_WhoCannotBeReachedOrIsUnknownIsRefused) {
  create("1.2.3");
  EXPECT_EQ(subscribe("1.2.3", "NOBODY"), kUnknownReceiver);
  EXPECT_EQ(subscribe("1.2.3", ""), kUnknownReceiver);
  EXPECT_EQ(over_web("1.2.3", "A\\B"), kUnknownReceiver);
  EXPECT_EQ(over_web("1.2.3", "SEVENTEEN LETTERS"), kUnknownReceiver);
  EXPECT_EQ(over_web("1.2.3", "PAGE"), kDone);
  EXPECT_EQ(subscribe("9.9"), kNoSuchItem);
  EXPECT_EQ(unsubscribe("9.9"), kNoSuchItem);
  EXPECT_EQ(status(list_->suspend(who_, "1.2.3", "WATCH")), kActionNotAppropriate);
}

TEST_F(SubscriptionTest, U4_ChannelsCarryTheEventsOfWebSubscriptions) {
  create("1.2.3");
  const auto page = channel("PAGE");
  EXPECT_FALSE(page->next());
  EXPECT_EQ(over_web("1.2.3"), kDone);
  const auto first = page->next();
  ASSERT_TRUE(first);
  EXPECT_NE(first->find(R"("00001002":{"vr":"US","Value":[1]})"), std::string::npos) << *first;
  EXPECT_NE(first->find(R"("00001000":{"vr":"UI","Value":["1.2.3"]})"), std::string::npos);
  EXPECT_NE(first->find(R"("00741000":{"vr":"CS","Value":["SCHEDULED"]})"), std::string::npos);
  EXPECT_NE(first->find(R"("00404041":{"vr":"CS","Value":["READY"]})"), std::string::npos);
  to_state("1.2.3", "IN PROGRESS", "2.25.1");
  const auto second = page->next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->find("2.25.1"), std::string::npos);  // U3
  EXPECT_FALSE(page->next());
  EXPECT_TRUE(told("PAGE").empty());  // no job for those on channels
}

TEST_F(SubscriptionTest, U4_ChannelsAreBoundedInNumberAndInWhatWaits) {
  options_.channels_max = 3;
  options_.channels_per_subscriber_max = 2;
  options_.channel_events_max = 4;
  open();
  const auto a = channel("A"), b = channel("A");
  EXPECT_EQ(list_->open_channel(who_, "A").error().code, Code::unavailable);
  auto c = channel("B");
  EXPECT_EQ(list_->open_channel(who_, "C").error().code, Code::unavailable);
  c.reset();
  EXPECT_TRUE(list_->open_channel(who_, "C").has_value());
  create("1.2.3");
  over_web("1.2.3", "A");
  for (int n = 0; n < 3; ++n) over_web("1.2.3", "A");
  EXPECT_FALSE(a->over());
  EXPECT_TRUE(b->next());
  over_web("1.2.3", "A");
  ASSERT_TRUE(a->over());
  EXPECT_NE(a->over()->find("too slow"), std::string::npos);
  EXPECT_FALSE(a->next());
  EXPECT_FALSE(b->over());  // who keeps up is not touched
}

TEST_F(SubscriptionTest, U4_ARestartIsToldToEverySubscriber) {
  create("1.2.3");
  subscribe("1.2.3");
  over_web("1.2.3", "PAGE");
  told();
  open();
  list_->start();
  EXPECT_EQ(told(), Texts{"4 " + kAll});
  const auto page = channel("PAGE");
  const auto text = page->next();
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("RESTARTED"), std::string::npos);
  EXPECT_NE(text->find("WARM START"), std::string::npos);
  EXPECT_FALSE(channel("PAGE")->next());  // once
  EXPECT_FALSE(channel("STRANGER")->next());
  list_->stop();
  EXPECT_TRUE(page->over());
}

TEST_F(SubscriptionTest, SubscribersToAllAreBounded) {
  options_.subscribers_max = 1;
  open();
  EXPECT_EQ(subscribe(kAll, "WATCH"), kDone);
  EXPECT_EQ(subscribe(kAll, "WATCH", true), kDone);
  EXPECT_EQ(list_->subscribe(who_, {kAll, "OTHER", false, false, {}}).error().code,
            Code::exhausted);
}

TEST_F(SubscriptionTest, ManyItemsAreSubscribedToAtOnce) {
  for (int n = 0; n < 230; ++n) create("1.3." + std::to_string(n));
  subscribe(kAll, "WATCH", true);
  EXPECT_EQ(told().size(), 230u);
  EXPECT_EQ(index_->view()->subscribed_by("WATCH")->size(), 231u);
  unsubscribe(kAll);
  EXPECT_TRUE(index_->view()->subscribed_by("WATCH")->empty());
}

}  // namespace
}  // namespace medarc::dicom::worklist

// Work items and subscriptions in the index: one writer a version, replay, search.
#include "index/work_item.h"

#include <filesystem>
#include <thread>

#include "index/fields.h"
#include "tests/index/maker.h"

namespace medarc::index::test {
namespace {

WorkItemRow item(const std::string& uid, const std::string& state = "SCHEDULED") {
  WorkItemRow out;
  out.uid.value = uid;
  out.attributes.set(kWorkItemState, "CS", {state});
  out.attributes.set(kPatientName, "PN", {"Doe^Jane"});
  out.attributes.set(kStepStart, "DT", {"20260102030405"});
  out.attributes.set(kFieldStationName, "LO", {"CT1", std::string("CT1\x1E") + "99LOCAL"});
  out.dataset = R"({"00741000":{"vr":"CS"}})";
  return out;
}

SubscriptionRow listener(const std::string& target, const std::string& aet, bool lock = false) {
  SubscriptionRow out;
  out.target.value = target;
  out.aet = aet;
  out.deletion_lock = lock;
  return out;
}

class WorkItemTest : public ::testing::Test {
 protected:
  WorkItemTest() { open(); }
  void open() {
    index_.reset();
    index_ = must(open_index(posix_fs(), dir_ / "data", quick_options()));
  }
  TempDir dir_;
  std::unique_ptr<Index> index_;
};

TEST_F(WorkItemTest, ChangesFromTheVersionItsWriterKnewOnly) {
  EXPECT_EQ(run(*index_, PutWorkItem{item("1.2"), 1}).state, State::not_found);
  EXPECT_EQ(run(*index_, PutWorkItem{item("1.2"), 0}, {5}).version, 1u);
  EXPECT_EQ(run(*index_, PutWorkItem{item("1.2"), 0}).state, State::conflict);
  EXPECT_EQ(run(*index_, PutWorkItem{item("1.2", "IN PROGRESS"), 1}, {9}).version, 2u);
  const OpOutcome late = run(*index_, PutWorkItem{item("1.2"), 1});
  EXPECT_EQ(late.state, State::precondition_failed);
  EXPECT_EQ(late.version, 2u);
  const WorkItemRow row = *must(index_->view()->work_item(SopInstanceUid("1.2")));
  EXPECT_EQ(row.created, Timestamp{5});
  EXPECT_EQ(row.changed, Timestamp{9});
  EXPECT_EQ(row.attributes.first(kWorkItemState), "IN PROGRESS");
}

TEST_F(WorkItemTest, OneOfManyWritersOfAVersionWins) {
  run(*index_, PutWorkItem{item("1.2"), 0});
  std::atomic<int> won{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      won += run(*index_, PutWorkItem{item("1.2"), 1}).state == State::done ? 1 : 0;
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(won, 1);
}

TEST_F(WorkItemTest, ARemovedOneTakesItsSubscriptionsAlongAndKeepsItsUid) {
  run(*index_, PutWorkItem{item("1.2"), 0});
  run(*index_, PutWorkItem{item("1.2.3"), 0});
  run(*index_, PutSubscription{listener("1.2", "A"), false});
  run(*index_, PutSubscription{listener("1.2", "B"), false});
  run(*index_, PutSubscription{listener("1.2.3", "A"), false});
  EXPECT_EQ(run(*index_, PutSubscription{listener("9", "A"), false}).state, State::not_found);
  EXPECT_EQ(run(*index_, RemoveWorkItem{SopInstanceUid("1.2"), 7}).state,
            State::precondition_failed);
  EXPECT_EQ(run(*index_, RemoveWorkItem{SopInstanceUid("1.2"), 1}, {44}).state, State::done);
  const auto view = index_->view();
  EXPECT_FALSE(must(view->work_item(SopInstanceUid("1.2"))));
  EXPECT_EQ(must(view->removed_work_item(SopInstanceUid("1.2")))->removed, Timestamp{44});
  EXPECT_TRUE(must(view->subscriptions(SopInstanceUid("1.2"))).empty());
  EXPECT_EQ(must(view->subscriptions(SopInstanceUid("1.2.3"))).size(), 1u);
  EXPECT_EQ(must(view->subscribers()), std::vector<std::string>{"A"});
  EXPECT_EQ(must(view->subscribed_by("A")).size(), 1u);
  EXPECT_EQ(run(*index_, PutWorkItem{item("1.2"), 0}).state, State::conflict);
  EXPECT_TRUE(
      ids(must(index_->view()->query(where(Kind::work_item, {equal(kSopInstanceUid, {"1.2"})}))))
          .empty());
}

TEST_F(WorkItemTest, SubscriptionsOfALostRaceComeToNothing) {
  run(*index_, PutWorkItem{item("1.2"), 0});
  const auto done = must(index_->commit(
      {}, {{2}, {PutWorkItem{item("1.2"), 0}, PutSubscription{listener("1.2", "A"), true}}}));
  EXPECT_EQ(done.outcomes[1].state, State::duplicate);
  EXPECT_TRUE(must(index_->view()->subscribers()).empty());
}

TEST_F(WorkItemTest, ListenersAreReadByTargetAndByApplication) {
  SubscriptionRow all = listener("1.2.840.10008.5.1.4.34.5", "A", true);
  all.scope = SubscriptionRow::Scope::all;
  all.over_web = true;
  run(*index_, PutSubscription{all, false}, {3});
  run(*index_, PutWorkItem{item("1.2"), 0});
  run(*index_, PutSubscription{listener("1.2", "AB"), false});
  const auto view = index_->view();
  const auto rows = must(view->subscriptions(all.target));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(rows[0].deletion_lock);
  EXPECT_TRUE(rows[0].over_web);
  EXPECT_EQ(rows[0].since, Timestamp{3});
  EXPECT_EQ(must(view->subscribers()), (std::vector<std::string>{"A", "AB"}));
  EXPECT_EQ(must(view->subscribed_by("A")), std::vector<SopInstanceUid>{all.target});
  EXPECT_EQ(run(*index_, RemoveSubscription{all.target, "A"}).state, State::done);
  EXPECT_EQ(run(*index_, RemoveSubscription{all.target, "A"}).state, State::not_found);
  EXPECT_EQ(must(index_->view()->subscribers()), std::vector<std::string>{"AB"});
}

TEST_F(WorkItemTest, FactsThatNameNobodyAreRefused) {
  const auto refused = [&](Op op) {
    return index_->commit({}, {{1}, {std::move(op)}}).error().code == Code::invalid_argument;
  };
  EXPECT_TRUE(refused(PutWorkItem{item(""), 0}));
  EXPECT_TRUE(refused(PutSubscription{listener("1.2", "SEVENTEEN LETTERS"), false}));
  EXPECT_TRUE(refused(RemoveSubscription{SopInstanceUid("1.2"), ""}));
}

TEST_F(WorkItemTest, AreFoundByEachKeyAndPagedInOrder) {
  for (int n = 0; n < 30; ++n) {
    WorkItemRow row = item("1." + std::to_string(100 + n), n % 3 == 0 ? "COMPLETED" : "SCHEDULED");
    row.attributes.set(kStepStart, "DT", {"202601" + std::to_string(10 + n % 10) + "08"});
    run(*index_, PutWorkItem{row, 0}, {n + 1});
  }
  const auto view = index_->view();
  const auto count = [&](std::vector<Term> terms) {
    return must(view->query(where(Kind::work_item, std::move(terms)))).matches.size();
  };
  EXPECT_EQ(count({}), 30u);
  EXPECT_EQ(count({equal(kWorkItemState, {"COMPLETED"})}), 10u);
  EXPECT_EQ(count({equal(kPatientName, {"doe^jane"})}), 30u);
  EXPECT_EQ(count({equal(kFieldStationName, {"CT1"}), equal(kWorkItemState, {"SCHEDULED"})}), 20u);
  EXPECT_EQ(count({equal(kFieldStationName, {std::string("CT1\x1E") + "99LOCAL"})}), 30u);
  EXPECT_EQ(count({equal(kFieldStationName, {std::string("CT1\x1E") + "DCM"})}), 0u);
  EXPECT_EQ(count({Term{kStepStart, TermOp::range, {"20260112", "20260113"}}}), 6u);
  EXPECT_EQ(count({Term{kPatientName, TermOp::begins, {"ja"}}}), 30u);
  EXPECT_EQ(must(view->count(where(Kind::work_item, {}), 0)).rows, 30u);
  Query newest = where(Kind::work_item, {equal(kWorkItemState, {"SCHEDULED"})});
  newest.order = Order::newest_first;
  const auto paged = all_ids(*view, newest, 7);
  ASSERT_EQ(paged.size(), 20u);
  EXPECT_EQ(paged.front(), "1.129");
  EXPECT_EQ(paged.back(), "1.101");
}

TEST_F(WorkItemTest, ALostIndexComesBackTheSame) {
  run(*index_, PutWorkItem{item("1.2"), 0});
  run(*index_, PutWorkItem{item("1.2", "COMPLETED"), 1});
  run(*index_, PutSubscription{listener("1.2", "A", true), false});
  run(*index_, PutWorkItem{item("1.3"), 0});
  run(*index_, RemoveWorkItem{SopInstanceUid("1.3"), 1});
  const auto want = dump(*index_);
  index_.reset();
  std::filesystem::remove_all(dir_ / "data/index");
  open();
  EXPECT_EQ(dump(*index_), want);
}

}  // namespace
}  // namespace medarc::index::test

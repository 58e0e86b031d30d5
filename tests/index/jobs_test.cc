// Durable jobs: none is lost, order is kept, attempts are limited, operators can step in.
#include "index/jobs.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "tests/index/maker.h"

namespace medarc::index::test {
namespace {

using Verdict = JobOutcome::Verdict;

JobRow job(std::string queue, std::string name, std::string kind = "k") {
  JobRow out;
  out.queue = std::move(queue);
  out.name = std::move(name);
  out.kind = std::move(kind);
  out.payload = "payload of " + out.name;
  return out;
}

// Answers as it is told and remembers what it was given.
class Teller final : public JobHandler {
 public:
  using Tell = std::function<std::vector<JobOutcome>(const std::vector<JobRow>&)>;
  explicit Teller(Tell tell, bool ordered = false, size_t batch = 1)
      : tell_(std::move(tell)), ordered_(ordered), batch_(batch) {}
  size_t batch_max() const override { return batch_; }
  bool keeps_order() const override { return ordered_; }
  std::vector<JobOutcome> run(const std::vector<JobRow>& jobs) override {
    auto out = tell_(jobs);
    std::lock_guard lock(mutex_);
    for (const JobRow& j : jobs) ran_.push_back(j.name);
    came_.notify_all();
    return out;
  }
  std::vector<std::string> wait_for(size_t runs) {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, std::chrono::seconds(60), [&] { return ran_.size() >= runs; });
    return ran_;
  }

 private:
  const Tell tell_;
  const bool ordered_;
  const size_t batch_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> ran_;
};

std::vector<JobOutcome> all(Verdict verdict, const std::vector<JobRow>& jobs) {
  return std::vector<JobOutcome>(jobs.size(), JobOutcome{verdict, "because"});
}

class JobsTest : public ::testing::Test {
 protected:
  JobsTest() {
    set_log_level(Level::off);
    options_.first_delay_ms = 5;
    options_.longest_delay_ms = 20;
    open();
  }
  ~JobsTest() override { set_log_level(Level::info); }
  void open() {
    jobs_.reset();
    index_.reset();
    index_ = must(open_index(posix_fs(), dir_ / "data", quick_options()));
    reopen_jobs();
  }
  void reopen_jobs() {
    jobs_.reset();
    jobs_ = must(Jobs::open(*index_, options_));
  }
  std::vector<JobRow> rows(const std::string& queue = "") {
    return must(index_->view()->jobs(queue, "", 1000));
  }
  template <class F>
  void eventually(F holds) {
    for (int n = 0; n < 6000 && !holds(); ++n) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_TRUE(holds());
  }

  TempDir dir_;
  JobOptions options_;
  std::unique_ptr<Index> index_;
  std::unique_ptr<Jobs> jobs_;
};

TEST_F(JobsTest, AreDoneAndGone) {
  auto teller = std::make_shared<Teller>([](const auto& j) { return all(Verdict::done, j); });
  jobs_->handle("k", teller);
  jobs_->start();
  must(jobs_->put(job("q", "a")));
  must(jobs_->put(job("r", "a")));
  EXPECT_EQ(teller->wait_for(2).size(), 2u);
  eventually([&] { return rows().empty(); });
  EXPECT_EQ(jobs_->cancel("q", "a", {}).error().code, Code::not_found);
}

TEST_F(JobsTest, SurviveTheProcessAndALostIndex) {
  must(jobs_->put(job("q", "a")));
  must(jobs_->put(job("q", "b")));
  must(jobs_->cancel("q", "a", {}));
  const auto want = dump(*index_);
  jobs_.reset();
  index_.reset();
  std::filesystem::remove_all(dir_ / "data/index");
  open();
  EXPECT_EQ(dump(*index_), want);
  auto teller = std::make_shared<Teller>([](const auto& j) {
    EXPECT_EQ(j[0].payload, "payload of b");
    return all(Verdict::done, j);
  });
  jobs_->handle("k", teller);
  jobs_->start();
  EXPECT_EQ(teller->wait_for(1), std::vector<std::string>{"b"});
  eventually([&] { return rows().empty(); });
}

TEST_F(JobsTest, AreTriedAgainAndThenFail) {
  options_.attempts_max = 3;
  reopen_jobs();
  auto teller = std::make_shared<Teller>([](const auto& j) { return all(Verdict::later, j); });
  jobs_->handle("k", teller);
  jobs_->start();
  must(jobs_->put(job("q", "a")));
  eventually([&] { return rows().size() == 1 && rows()[0].state == JobRow::State::failed; });
  EXPECT_EQ(teller->wait_for(3).size(), 3u);
  EXPECT_EQ(rows()[0].attempts, 3u);
  EXPECT_EQ(rows()[0].problem, "because");
  // An operator asks for it once more: three further attempts.
  must(jobs_->retry("q", "a", {}));
  EXPECT_EQ(teller->wait_for(6).size(), 6u);
  EXPECT_EQ(jobs_->retry("q", "nobody", {}).error().code, Code::not_found);
}

TEST_F(JobsTest, TheDelayGrowsAndHasALimit) {
  options_.first_delay_ms = 1'000'000;
  options_.longest_delay_ms = 3'000'000;
  reopen_jobs();
  auto teller = std::make_shared<Teller>([](const auto& j) { return all(Verdict::later, j); });
  jobs_->handle("k", teller);
  jobs_->start();
  must(jobs_->put(job("q", "a")));
  teller->wait_for(1);
  eventually([&] { return rows()[0].attempts == 1; });
  const auto delay_ms = [&] { return (rows()[0].due.us - now().us) / 1000; };
  EXPECT_GT(delay_ms(), 400'000);
  EXPECT_LE(delay_ms(), 1'000'000);
}

TEST_F(JobsTest, OneThatWaitsHoldsThoseBehindItWhereOrderIsKept) {
  std::atomic<int> failures{3};
  const auto tell = [&](const std::vector<JobRow>& j) {
    std::vector<JobOutcome> out;
    for (const JobRow& row : j) {
      if (row.name == "b" && failures-- > 0) {
        out.push_back({Verdict::later, "down"});
        break;
      }
      out.push_back({Verdict::done, ""});
    }
    return out;
  };
  auto ordered = std::make_shared<Teller>(tell, true, 2);
  jobs_->handle("k", ordered);
  for (const char* name : {"a", "b", "c", "d"}) must(jobs_->put(job("q", name)));
  jobs_->start();
  eventually([&] { return rows().empty(); });
  const auto ran = ordered->wait_for(1);
  const auto first_c = std::find(ran.begin(), ran.end(), "c");
  EXPECT_EQ(std::count(ran.begin(), first_c, "a"), 1);
  EXPECT_EQ(std::count(ran.begin(), ran.end(), "d"), 1);
}

TEST_F(JobsTest, WithoutOrderOthersGoOn) {
  auto teller = std::make_shared<Teller>([](const std::vector<JobRow>& j) {
    return all(j[0].name == "a" ? Verdict::failed : Verdict::done, j);
  });
  jobs_->handle("k", teller);
  for (const char* name : {"a", "b", "c"}) must(jobs_->put(job("q", name)));
  jobs_->start();
  eventually([&] { return rows().size() == 1; });
  EXPECT_EQ(rows()[0].name, "a");
  EXPECT_EQ(rows()[0].attempts, 1u);  // failed for good at once
}

TEST_F(JobsTest, ANameIsTakenOnce) {
  must(jobs_->put(job("q", "a")));
  EXPECT_EQ(jobs_->put(job("q", "a")).error().code, Code::already_exists);
  const auto done = must(index_->commit({}, {{1}, {PutJob{job("q", "a"), false}}}));
  EXPECT_EQ(done.outcomes[0].state, State::duplicate);
}

TEST_F(JobsTest, LimitsAreKept) {
  options_.jobs_max = 2;
  reopen_jobs();
  must(jobs_->put(job("q", "a")));
  EXPECT_TRUE(jobs_->room_for(1));
  EXPECT_FALSE(jobs_->room_for(2));
  must(jobs_->put(job("q", "b")));
  EXPECT_EQ(jobs_->put(job("q", "c")).error().code, Code::exhausted);
}

TEST_F(JobsTest, AClaimedJobIsRunByNobodyElse) {
  auto teller = std::make_shared<Teller>([](const auto& j) { return all(Verdict::done, j); });
  jobs_->handle("k", teller);
  jobs_->start();
  must(jobs_->put(job("q", "mine"), {}, true));
  must(jobs_->put(job("q", "theirs")));
  EXPECT_EQ(teller->wait_for(1), std::vector<std::string>{"theirs"});
  eventually([&] { return rows("q").size() == 1; });
  jobs_->release("q", "mine");
  EXPECT_EQ(teller->wait_for(2).back(), "mine");
}

TEST_F(JobsTest, OneThatIsCancelledWhileItRunsStaysAway) {
  std::atomic<bool> go{false};
  auto teller = std::make_shared<Teller>([&](const auto& j) {
    while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return all(Verdict::later, j);
  });
  jobs_->handle("k", teller);
  jobs_->start();
  must(jobs_->put(job("q", "a")));
  eventually([&] { return jobs_->running("q", "a"); });
  must(jobs_->cancel("q", "a", {}));
  go = true;
  teller->wait_for(1);
  eventually([&] { return !jobs_->running("q", "a"); });
  EXPECT_TRUE(rows().empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(teller->wait_for(1).size(), 1u);
}

TEST_F(JobsTest, AreListedByQueueAndPage) {
  for (const char* queue : {"q", "q2", "r"}) {
    for (const char* name : {"a", "b", "c"}) must(jobs_->put(job(queue, name)));
  }
  EXPECT_EQ(rows("q").size(), 3u);
  EXPECT_EQ(rows().size(), 9u);
  const auto page = must(index_->view()->jobs("q", job_id("q", "a"), 1));
  ASSERT_EQ(page.size(), 1u);
  EXPECT_EQ(page[0].name, "b");
  EXPECT_TRUE(must(index_->view()->jobs("q", job_id("q", "c"), 9)).empty());
}

TEST_F(JobsTest, ComeWithAnInstanceOnlyWhenItIsNew) {
  const auto commit = [&](const std::string& name) {
    const auto blob = stage(*index_, "pixels");
    Facts facts{{1}, {make_store({}, blob), PutJob{job("q", name), true}}};
    return must(index_->commit({blob}, std::move(facts))).outcomes;
  };
  EXPECT_EQ(commit("a")[1].state, State::done);
  const auto again = commit("b");
  EXPECT_EQ(again[0].state, State::duplicate);
  EXPECT_EQ(again[1].state, State::duplicate);
  EXPECT_EQ(rows().size(), 1u);
}

}  // namespace
}  // namespace medarc::index::test

#include "index/jobs.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "index/job_queue.h"

namespace medarc::index {
namespace {

using Clock = std::chrono::system_clock;

constexpr uint32_t kPageRows = 1000;
constexpr size_t kProblemBytesMax = 500;

Gauge& jobs_gauge() {
  static Gauge& g = gauge("medarc_jobs", "Jobs that wait or have failed.");
  return g;
}
void count_attempt(std::string_view how) {
  counter("medarc_job_attempts_total", "Attempts at jobs.", "how=\"" + std::string(how) + "\"")
      .add();
}

class RowJobs final : public Jobs {
 public:
  RowJobs(Index& index, JobOptions options)
      : index_(index), options_(options), random_(std::random_device()()) {}
  ~RowJobs() override { stop(); }

  Status load() {
    const auto view = index_.view();
    Bytes after;
    for (;;) {
      MEDARC_ASSIGN(const auto page, view->jobs("", after, kPageRows));
      for (const JobRow& job : page) add(job);
      if (page.size() < kPageRows) break;
      after = job_id(page.back().queue, page.back().name);
    }
    return {};
  }

  void handle(const std::string& kind, std::shared_ptr<JobHandler> handler) override {
    handlers_[kind] = std::move(handler);
  }

  void start() override {
    for (uint32_t i = 0; i < options_.workers_max; ++i) {
      workers_.emplace_back([this] { work(); });
    }
  }

  void stop() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (const auto& [kind, handler] : handlers_) handler->stop();
    for (std::thread& worker : workers_) worker.join();
    workers_.clear();
  }

  bool room_for(size_t count) const override {
    std::lock_guard lock(mutex_);
    return count_ + count <= options_.jobs_max;
  }

  Status put(JobRow job, std::vector<Op> with, bool claim) override {
    {
      std::lock_guard lock(mutex_);
      if (count_ >= options_.jobs_max) {
        return make_error(Code::exhausted, "there are jobs_max jobs already");
      }
      if (const auto q = queues_.find(job.queue); q != queues_.end()) {
        if (q->second.contains(job.name)) return exists();
      }
      // Before the commit, so that no worker can come between.
      if (claim) queues_[job.queue].claim(job.name);
    }
    with.emplace_back(PutJob{job, false});
    auto done = index_.commit({}, {now(), std::move(with)});
    if (done.has_error() || done->outcomes.back().state != State::done) {
      if (claim) release(job.queue, job.name);
      return done.has_error() ? Status(std::move(done).error()) : exists();
    }
    committed(job);
    return {};
  }

  void committed(const JobRow& job) override {
    {
      std::lock_guard lock(mutex_);
      add(job);
    }
    changed_.notify_one();
  }

  void release(const std::string& queue, const std::string& name) override {
    {
      std::lock_guard lock(mutex_);
      if (const auto q = queues_.find(queue); q != queues_.end()) q->second.release(name);
    }
    changed_.notify_one();
  }

  Status finish(const std::string& queue, const std::string& name) override {
    return cancel(queue, name, {});
  }

  Status retry(const std::string& queue, const std::string& name, std::vector<Op> with) override {
    MEDARC_ASSIGN(auto job, index_.view()->job(queue, name));
    if (!job) return gone();
    const Timestamp at = now();
    with.emplace_back(
        ChangeJob{queue, name, job->version, JobRow::State::waiting, 0, at, job->problem});
    MEDARC_ASSIGN(const auto done, index_.commit({}, {at, std::move(with)}));
    if (done.outcomes.back().state == State::not_found) return gone();
    if (done.outcomes.back().state != State::done) {
      return make_error(Code::conflict, "the job has just been tried; look again");
    }
    job->state = JobRow::State::waiting;
    job->due = at;
    {
      std::lock_guard lock(mutex_);
      if (auto& q = queues_[queue]; q.contains(name)) q.put(*job);
    }
    changed_.notify_one();
    return {};
  }

  Status cancel(const std::string& queue, const std::string& name, std::vector<Op> with) override {
    with.emplace_back(RemoveJob{queue, name, std::nullopt});
    MEDARC_ASSIGN(const auto done, index_.commit({}, {now(), std::move(with)}));
    drop(queue, name);
    return done.outcomes.back().state == State::done ? Status() : gone();
  }

  bool running(const std::string& queue, const std::string& name) const override {
    std::lock_guard lock(mutex_);
    const auto q = queues_.find(queue);
    return q != queues_.end() && q->second.running(name);
  }

  JobRow after_failure(JobRow job, std::string_view problem, Timestamp at, bool final) override {
    ++job.attempts;
    const bool over = final || job.attempts >= options_.attempts_max;
    job.state = over ? JobRow::State::failed : JobRow::State::waiting;
    job.due = Timestamp{at.us + delay_us(job.attempts)};
    job.problem = problem.substr(0, kProblemBytesMax);
    return job;
  }

 private:
  static Error exists() { return make_error(Code::already_exists, "this job is queued already"); }
  static Error gone() { return make_error(Code::not_found, "no such job: done, or never there"); }

  // With the lock held (or before any thread).
  void add(const JobRow& job) {
    JobQueue& q = queues_[job.queue];
    if (!q.contains(job.name)) ++count_;
    q.put(job);
    jobs_gauge().set(static_cast<int64_t>(count_));
  }
  void drop(const std::string& queue, const std::string& name) {
    {
      std::lock_guard lock(mutex_);
      const auto q = queues_.find(queue);
      if (q == queues_.end()) return;
      if (q->second.contains(name)) --count_;
      q->second.remove(name);
      jobs_gauge().set(static_cast<int64_t>(count_));
      if (q->second.size() == 0 && !q->second.busy()) queues_.erase(q);
    }
    changed_.notify_one();  // what stood behind it may run
  }

  struct Work {
    std::string queue;
    std::vector<std::string> names;
    JobHandler* handler = nullptr;
  };

  // With the lock held. Starts behind the queue that was taken last, so that none starves.
  std::optional<Work> take(Timestamp at, Timestamp& wake) {
    auto q = queues_.upper_bound(last_taken_);
    for (size_t n = queues_.size(); n > 0; --n, ++q) {
      if (q == queues_.end()) q = queues_.begin();
      const auto handler = handlers_.find(q->second.kind());
      if (q->second.busy() || handler == handlers_.end()) continue;
      const JobQueue::Manner manner{handler->second->batch_max(), handler->second->keeps_order()};
      auto names = q->second.take(manner, at, wake);
      if (names.empty()) continue;
      last_taken_ = q->first;
      return Work{q->first, std::move(names), handler->second.get()};
    }
    return std::nullopt;
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const Timestamp at = now();
      Timestamp wake{at.us + 60'000'000};  // clocks are set now and then
      auto taken = take(at, wake);
      if (!taken) {
        changed_.wait_for(lock, std::chrono::microseconds(wake.us - at.us + 1000));
        continue;
      }
      lock.unlock();
      run(*taken);
      lock.lock();
      const auto q = queues_.find(taken->queue);
      q->second.done();
      if (q->second.size() == 0) queues_.erase(q);
      changed_.notify_one();
    }
  }

  void run(const Work& taken) {
    std::vector<JobRow> jobs;
    const auto view = index_.view();
    for (const std::string& name : taken.names) {
      auto job = view->job(taken.queue, name);
      if (job.has_value() && *job) jobs.push_back(std::move(**job));
    }
    if (jobs.empty()) return hold_back(taken);
    std::vector<JobOutcome> outcomes;
    try {
      outcomes = taken.handler->run(jobs);
    } catch (const std::exception&) {
      outcomes = {{JobOutcome::Verdict::later, "ended by an exception"}};
    }
    if (outcomes.empty()) return hold_back(taken);
    outcomes.resize(std::min(outcomes.size(), jobs.size()));
    jobs.resize(outcomes.size());
    settle(taken, jobs, outcomes);
  }

  // Writes down how the attempts ended, in one commit.
  void settle(const Work& taken, std::vector<JobRow>& jobs, std::vector<JobOutcome>& outcomes) {
    Facts facts{now(), {}};
    for (size_t i = 0; i < jobs.size(); ++i) {
      JobRow& job = jobs[i];
      JobOutcome& outcome = outcomes[i];
      if (outcome.verdict == JobOutcome::Verdict::done) {
        count_attempt("done");
        facts.ops.emplace_back(RemoveJob{job.queue, job.name, job.version});
        continue;
      }
      job = after_failure(std::move(job), outcome.problem, facts.time,
                          outcome.verdict == JobOutcome::Verdict::failed);
      const bool over = job.state == JobRow::State::failed;
      count_attempt(over ? "failed" : "later");
      log(over ? Level::error : Level::warn, over ? "job.failed" : "job.later",
          {{"queue", job.queue},
           {"job", job.name},
           {"attempts", job.attempts},
           {"problem", job.problem}});
      facts.ops.emplace_back(ChangeJob{job.queue, job.name, job.version, job.state, job.attempts,
                                       job.due, job.problem});
    }
    const auto done = index_.commit({}, std::move(facts));
    if (done.has_error()) {
      log(Level::error, "job.not_settled", {{"error", done.error().text}});
      return hold_back(taken);
    }
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (done->outcomes[i].state == State::precondition_failed) continue;  // retried meanwhile
      if (outcomes[i].verdict == JobOutcome::Verdict::done) {
        drop(taken.queue, jobs[i].name);
        continue;
      }
      std::lock_guard lock(mutex_);
      if (auto& q = queues_[taken.queue]; q.contains(jobs[i].name)) q.put(jobs[i]);
    }
  }

  // Nothing came of it, for a reason of our own: not at once again.
  void hold_back(const Work& taken) {
    std::lock_guard lock(mutex_);
    JobQueue& q = queues_[taken.queue];
    for (const std::string& name : taken.names) {
      if (q.contains(name)) q.delay(name, Timestamp{now().us + options_.first_delay_ms * 1000LL});
    }
  }

  // Half of it is left to chance, so that not all come back at once.
  int64_t delay_us(uint32_t attempts) {
    const uint64_t doubled = uint64_t{options_.first_delay_ms} << std::min(attempts - 1, 30u);
    const auto whole =
        static_cast<int64_t>(std::min<uint64_t>(doubled, options_.longest_delay_ms) * 1000);
    std::lock_guard lock(mutex_);
    return std::uniform_int_distribution<int64_t>(whole / 2, whole)(random_);
  }

  Index& index_;
  const JobOptions options_;
  std::map<std::string, std::shared_ptr<JobHandler>> handlers_;
  std::vector<std::thread> workers_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::map<std::string, JobQueue> queues_;
  std::string last_taken_;
  size_t count_ = 0;
  std::mt19937_64 random_;
};

}  // namespace

JobOptions JobOptions::from(Config& config) {
  JobOptions o;
  const auto u32 = [&](const char* key, uint32_t& field, const char* meaning, uint64_t max) {
    field = static_cast<uint32_t>(config.size(key, field, meaning, 1, max));
  };
  u32("jobs.jobs_max", o.jobs_max, "Jobs that wait or have failed, of all queues together.",
      100'000'000);
  u32("jobs.attempts_max", o.attempts_max, "How often a job is tried before it has failed.",
      1'000'000);
  u32("jobs.first_delay_ms", o.first_delay_ms,
      "Until a job is tried again; doubles with each attempt.", 86'400'000);
  u32("jobs.longest_delay_ms", o.longest_delay_ms, "The longest time between two attempts.",
      86'400'000);
  u32("jobs.workers_max", o.workers_max, "Queues of jobs that are worked on at a time.", 64);
  return o;
}

Result<std::unique_ptr<Jobs>> Jobs::open(Index& index, JobOptions options) {
  auto jobs = std::make_unique<RowJobs>(index, options);
  MEDARC_TRY(jobs->load());
  return std::unique_ptr<Jobs>(std::move(jobs));
}

}  // namespace medarc::index

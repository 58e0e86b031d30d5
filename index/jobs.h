// Durable jobs: what must be done later, by this process or the next one. A job is a row (rows.h),
// so it survives kill -9 and power loss like everything else; here they are run, tried again with
// back-off, and shown to operators.
//
// A queue is worked on by one thread at a time. Jobs may run more than once (the process can die
// between the doing and the row's removal), so what they do must be idempotent.
//
// Limits: jobs_max (all queues together; more are refused, exhausted), attempts_max (then a job is
// failed and stays visible until somebody retries or cancels it), workers_max. Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "index/index.h"

namespace medarc::index {

struct JobOptions {
  uint32_t jobs_max = 1'000'000;  // waiting and failed
  uint32_t attempts_max = 30;
  uint32_t first_delay_ms = 2'000;         // after the first failure; doubles with each further one
  uint32_t longest_delay_ms = 3'600'000;   // 30 attempts at these defaults last about a day
  uint32_t workers_max = 4;                // queues worked on at a time
  static JobOptions from(Config& config);  // section [jobs]
};

// How an attempt ended.
struct JobOutcome {
  enum class Verdict { done, later, failed };  // failed: trying again would not help
  Verdict verdict = Verdict::done;
  std::string problem;  // for operators, without patient data
};

// Does the jobs of one kind. Called by several threads, for different queues.
class JobHandler {
 public:
  virtual ~JobHandler() = default;
  // How many jobs of a queue run() may be given at once.
  virtual size_t batch_max() const { return 1; }
  // True: a job that waits for its next attempt holds those behind it.
  virtual bool keeps_order() const { return false; }
  // At most one outcome a job, in order; jobs without one were not tried and stay as they are.
  virtual std::vector<JobOutcome> run(const std::vector<JobRow>& jobs) = 0;
  // The process stops: run() shall return soon.
  virtual void stop() {}
};

class Jobs {
 public:
  // Knows every job afterwards; runs none before start().
  static Result<std::unique_ptr<Jobs>> open(Index& index, JobOptions options);
  virtual ~Jobs() = default;  // as stop()

  // Before start(). Jobs of a kind nobody handles wait.
  virtual void handle(const std::string& kind, std::shared_ptr<JobHandler> handler) = 0;
  virtual void start() = 0;
  virtual void stop() = 0;  // waits for the jobs that run

  // Whether `count` more may be put. A hint: put() decides.
  virtual bool room_for(size_t count) const = 0;
  // Durable when it answers. Commits `with` too. already_exists: a job of this name is there;
  // exhausted. `claim`: this process does it otherwise; nothing runs it until release() or
  // finish().
  virtual Status put(JobRow job, std::vector<Op> with = {}, bool claim = false) = 0;
  // A job that came with somebody's own commit, with its PutJob's outcome `done`.
  virtual void committed(const JobRow& job) = 0;
  virtual void release(const std::string& queue, const std::string& name) = 0;
  // A claimed job is done.
  virtual Status finish(const std::string& queue, const std::string& name) = 0;

  // For operators. not_found: it is done, or never was.
  virtual Status retry(const std::string& queue, const std::string& name, std::vector<Op> with) = 0;
  virtual Status cancel(const std::string& queue, const std::string& name,
                        std::vector<Op> with) = 0;
  virtual bool running(const std::string& queue, const std::string& name) const = 0;

  // `job` as it stands after one more attempt, at `at`, that came to nothing: when it is due again,
  // or that it has failed (attempts_max, or `final`). For handlers that write jobs down themselves.
  virtual JobRow after_failure(JobRow job, std::string_view problem, Timestamp at,
                               bool final = false) = 0;
};

}  // namespace medarc::index

// Two halves of one upload at a time: the caller's thread receives, hashes and stages; a helper thread
// inflates and parses. The queue between them is bounded, and a caller that finds it full helps
// instead of waiting, so that two processors share the work evenly.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "base/result.h"

namespace medarc::genomics {

// One piece of work in a stream.
class Job {
 public:
  virtual ~Job() = default;
  virtual Status prepare() = 0;  // on any thread, in any order, beside others: inflating
  virtual Status consume() = 0;  // one at a time, in the order of pushing: parsing
};

// Not thread-safe: one caller. The first error ends the stream and is what every later call answers.
class Pipeline {
 public:
  // Up to `threads_max` pipelines of the process get a helper thread, the others work in push().
  explicit Pipeline(uint32_t threads_max);
  ~Pipeline();  // waits for the job under way, drops the others
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  Status push(std::unique_ptr<Job> job);
  Status finish();  // when every job is consumed

  static constexpr size_t kQueueMax = 6;

 private:
  enum class Phase : uint8_t { waiting, preparing, prepared };
  struct Slot {
    std::unique_ptr<Job> job;
    Phase phase = Phase::waiting;
    Status status;
  };
  void run();
  void help(std::unique_lock<std::mutex>& lock);

  bool threaded_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Slot>> queue_;  // front: the next to be consumed
  Status failed_;
  bool ending_ = false;   // no more pushes
  bool stopping_ = false; // drop everything
  std::thread thread_;
};

}  // namespace medarc::genomics

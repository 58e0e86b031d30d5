// A bounded pool for work that blocks. A full queue refuses at once, so that a door can answer
// "busy" instead of growing without limit.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace medarc {

class ThreadPool {
 public:
  // `on_start`: what each thread does first.
  ThreadPool(size_t threads_count, size_t queue_max, void (*on_start)() = nullptr);
  ~ThreadPool();  // runs what is queued, then joins
  // Thread-safe. False when `queue_max` jobs wait already or the pool is closing.
  [[nodiscard]] bool try_post(std::function<void()> job);
  size_t queued() const;

 private:
  void run();
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  const size_t queue_max_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace medarc

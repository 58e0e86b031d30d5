#include "base/thread_pool.h"

namespace medarc {

ThreadPool::ThreadPool(size_t threads_count, size_t queue_max, void (*on_start)())
    : queue_max_(queue_max) {
  for (size_t i = 0; i < threads_count; ++i) {
    threads_.emplace_back([this, on_start] {
      if (on_start != nullptr) on_start();
      run();
    });
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (auto& t : threads_) t.join();
}

bool ThreadPool::try_post(std::function<void()> job) {
  {
    std::lock_guard lock(mutex_);
    if (closing_ || queue_.size() >= queue_max_) return false;
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

size_t ThreadPool::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void ThreadPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (queue_.empty()) return;
    auto job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job();
    job = nullptr;  // destroyed outside the lock
    lock.lock();
  }
}

}  // namespace medarc

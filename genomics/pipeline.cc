#include "genomics/pipeline.h"

#include <algorithm>
#include <atomic>

namespace medarc::genomics {
namespace {

std::atomic<uint32_t> helpers{0};

bool take_helper(uint32_t threads_max) {
  uint32_t n = helpers.load();
  while (n < threads_max) {
    if (helpers.compare_exchange_weak(n, n + 1)) return true;
  }
  return false;
}

}  // namespace

Pipeline::Pipeline(uint32_t threads_max) : threaded_(take_helper(threads_max)) {
  if (threaded_) thread_ = std::thread([this] { run(); });
}

Pipeline::~Pipeline() {
  if (!threaded_) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  helpers.fetch_sub(1);
}

Status Pipeline::push(std::unique_ptr<Job> job) {
  if (!threaded_) {
    if (failed_.has_error()) return failed_;
    Status done = job->prepare();
    if (done.has_value()) done = job->consume();
    failed_ = done;
    return done;
  }
  std::unique_lock lock(mutex_);
  while (queue_.size() >= kQueueMax && failed_.has_value()) help(lock);
  if (failed_.has_error()) return failed_;
  queue_.push_back(std::make_shared<Slot>(Slot{std::move(job)}));
  changed_.notify_all();
  return {};
}

// Prepares the job furthest from its turn, or waits when there is none left to prepare.
void Pipeline::help(std::unique_lock<std::mutex>& lock) {
  const auto found = std::find_if(queue_.rbegin(), queue_.rend(), [](const auto& slot) {
    return slot->phase == Phase::waiting;
  });
  if (found == queue_.rend()) {
    changed_.wait(lock);
    return;
  }
  const std::shared_ptr<Slot> slot = *found;
  slot->phase = Phase::preparing;
  lock.unlock();
  Status done = slot->job->prepare();
  lock.lock();
  slot->status = std::move(done);
  slot->phase = Phase::prepared;
  changed_.notify_all();
}

void Pipeline::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || ending_ || !queue_.empty(); });
    if (stopping_ || failed_.has_error() || (ending_ && queue_.empty())) return;
    const std::shared_ptr<Slot> slot = queue_.front();
    if (slot->phase == Phase::waiting) {
      slot->phase = Phase::preparing;
      lock.unlock();
      Status done = slot->job->prepare();
      lock.lock();
      slot->status = std::move(done);
      slot->phase = Phase::prepared;
    }
    changed_.wait(lock, [&] { return stopping_ || slot->phase == Phase::prepared; });
    if (slot->phase != Phase::prepared) return;
    Status done = std::move(slot->status);
    if (done.has_value()) {
      lock.unlock();
      done = slot->job->consume();
      lock.lock();
    }
    queue_.pop_front();
    if (done.has_error()) {
      failed_ = std::move(done);
      queue_.clear();
    }
    changed_.notify_all();
  }
}

Status Pipeline::finish() {
  if (!threaded_) return failed_;
  std::unique_lock lock(mutex_);
  ending_ = true;
  changed_.notify_all();
  while (!queue_.empty() && failed_.has_value()) help(lock);
  return failed_;
}

}  // namespace medarc::genomics

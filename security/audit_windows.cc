#include "security/audit_windows.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/metrics.h"
#include "security/policy.h"

namespace medarc::security {

struct AuditWindows::Window {
  enum class State { opening, open, failed };
  std::string group;
  index::AuditEntry entry;
  Clock::time_point closes;
  State state = State::opening;
  bool closed = false;  // nobody can find it any more
  uint64_t later = 0;   // accesses after the first
  Error error;          // why it failed
};

namespace {

constexpr auto kRetry = std::chrono::seconds(1);
constexpr auto kTick = std::chrono::milliseconds(1);

std::string_view bounded(std::string_view text) {
  return text.substr(0, AuditWindows::kTextBytesMax);
}

}  // namespace

AuditWindows::AuditWindows(index::Index& index, const GuardOptions& options)
    : index_(index), options_(options), thread_([this] { run(); }) {}

AuditWindows::~AuditWindows() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  std::unique_lock lock(mutex_);
  while (!by_age_.empty()) close_oldest();
  if (!drain(lock)) {
    log(Level::error, "audit.counts_lost", {{"entries", queue_.size()}});
  }
}

Status AuditWindows::record(const Principal& who, std::string_view action, const Object& object,
                            bool allowed) {
  thread_local std::string group;
  group.clear();
  for (std::string_view part : {std::string_view(who.id), std::string_view(who.door), action,
                                bounded(object.name), bounded(object.detail)}) {
    group.append(part);
    group += '\0';
  }
  std::unique_lock lock(mutex_);
  for (auto found = windows_.find(group); found != windows_.end(); found = windows_.find(group)) {
    if (found->second->state == Window::State::open) {
      ++found->second->later;
      return {};
    }
    // Someone is writing the first entry: nothing may leave before it is durable.
    const std::shared_ptr<Window> window = found->second;
    opened_.wait(lock, [&] { return window->state != Window::State::opening; });
    if (window->state == Window::State::failed) return window->error;
  }
  auto window = std::make_shared<Window>();
  window->group = group;
  window->entry.time = now();
  window->entry.principal = who.id;
  window->entry.door = who.door;
  window->entry.action = std::string(action);
  window->entry.object = std::string(bounded(object.name));
  window->entry.detail = std::string(bounded(object.detail));
  window->entry.allowed = allowed;
  return open(window, lock);
}

Status AuditWindows::open(const std::shared_ptr<Window>& window,
                          std::unique_lock<std::mutex>& lock) {
  window->closes = Clock::now() + std::chrono::milliseconds(options_.audit_window_ms);
  windows_.emplace(window->group, window);
  by_age_.push_back(window);
  while (windows_.size() > options_.audit_groups_max) close_oldest();
  wake_.notify_one();
  if (!options_.audit_reads_durable && queue_.size() < kRelaxedQueueMax) {
    window->state = Window::State::open;
    queue_.push_back(window->entry);
    return {};
  }
  lock.unlock();
  Status written = commit({window->entry});
  lock.lock();
  if (written.has_error()) {
    window->state = Window::State::failed;
    window->error = written.error();
    // So that the next access tries again.
    if (!window->closed) {
      windows_.erase(window->group);
      std::erase(by_age_, window);
      window->closed = true;
    }
  } else {
    window->state = Window::State::open;
  }
  opened_.notify_all();
  return written;
}

void AuditWindows::close_oldest() {
  const std::shared_ptr<Window> window = by_age_.front();
  by_age_.pop_front();
  windows_.erase(window->group);
  window->closed = true;
  queue_count(*window);
}

void AuditWindows::queue_count(Window& window) {
  while (window.later > 0) {
    index::AuditEntry entry = window.entry;
    entry.time = now();
    entry.count = static_cast<uint32_t>(std::min<uint64_t>(window.later, UINT32_MAX));
    window.later -= entry.count;
    queue_.push_back(std::move(entry));
  }
}

Status AuditWindows::commit(const std::vector<index::AuditEntry>& entries) {
  static Histogram& took =
      histogram("medarc_audit_commit_seconds", "Time to make audit entries durable.");
  const auto begin = Clock::now();
  index::Facts facts;
  facts.time = now();
  for (const index::AuditEntry& entry : entries) facts.ops.push_back(index::RecordAudit{entry});
  auto done = index_.commit({}, std::move(facts));
  took.observe_us(
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
  if (done.has_error()) return with_context(done.error(), "audit");
  return {};
}

bool AuditWindows::drain(std::unique_lock<std::mutex>& lock) {
  while (!queue_.empty()) {
    const size_t n = std::min(queue_.size(), kEntriesPerCommit);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(n);
    std::vector<index::AuditEntry> some(std::make_move_iterator(queue_.begin()),
                                        std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    lock.unlock();
    const Status written = commit(some);
    lock.lock();
    if (written.has_error()) {
      queue_.insert(queue_.begin(), some.begin(), some.end());
      log(Level::error, "audit.write_failed", {{"code", to_string(written.error().code)}});
      return false;
    }
  }
  return true;
}

void AuditWindows::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto stop = [&] { return stopping_; };
    if (!queue_.empty()) {
      wake_.wait_for(lock, std::chrono::milliseconds(kRelaxedFlushMs / 2), stop);
    } else if (!by_age_.empty()) {
      // Never at once: the oldest may have expired while its first entry is still being written.
      // A copy: the window may be gone before the wait is over.
      const auto until = std::max(by_age_.front()->closes, Clock::now() + kTick);
      wake_.wait_until(lock, until);
    } else {
      wake_.wait(lock);
    }
    if (stopping_) return;
    while (!by_age_.empty() && by_age_.front()->closes <= Clock::now() &&
           by_age_.front()->state == Window::State::open) {
      close_oldest();
    }
    // Counts of closed windows are bounded like the windows themselves: while the archive takes no
    // writes, nothing is let through that would open more of them.
    if (!drain(lock)) wake_.wait_for(lock, kRetry, stop);
  }
}

}  // namespace medarc::security

// Groups of like accesses: the first is in the log before it is answered, those that follow inside
// the window are counted, and the count is written when the window closes.
//
// A group is (principal, door, action, object, detail). Its entries add up to exactly the accesses
// that were let through (one of count 1 when it opens, one with the rest when it closes), whatever
// closes it: time, the bound on open windows, or the end of the process. After a crash the first
// entry is there and the count of the last window is not.
//
// Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "security/guard.h"

namespace medarc::security {

class AuditWindows {
 public:
  AuditWindows(index::Index& index, const GuardOptions& options);
  ~AuditWindows();  // closes every window durably

  // Durable on return, or covered by a durable entry of the same group; in relaxed mode, within
  // kRelaxedFlushMs. Errors are those of index.commit: then nothing may be answered.
  Status record(const Principal& who, std::string_view action, const Object& object, bool allowed);

  static constexpr uint32_t kRelaxedFlushMs = 200;
  static constexpr size_t kEntriesPerCommit = 512;
  static constexpr size_t kRelaxedQueueMax = 10'000;  // waiting entries; more are written at once
  static constexpr size_t kTextBytesMax = 512;        // of an object's name and of a detail

 private:
  using Clock = std::chrono::steady_clock;
  struct Window;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view v) const { return std::hash<std::string_view>{}(v); }
  };

  Status open(const std::shared_ptr<Window>& window, std::unique_lock<std::mutex>& lock);
  void close_oldest();
  void queue_count(Window& window);
  Status commit(const std::vector<index::AuditEntry>& entries);
  // Writes what is queued; false when a commit failed (the entries stay).
  bool drain(std::unique_lock<std::mutex>& lock);
  void run();

  index::Index& index_;
  const GuardOptions options_;
  std::mutex mutex_;
  std::condition_variable opened_, wake_;
  std::unordered_map<std::string, std::shared_ptr<Window>, Hash, std::equal_to<>> windows_;
  std::deque<std::shared_ptr<Window>> by_age_;  // as they opened, so as they close
  std::deque<index::AuditEntry> queue_;         // to be written by the thread
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace medarc::security

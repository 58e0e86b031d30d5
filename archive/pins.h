// Chunks and blobs that staged, uncommitted work counts on: collection leaves them alone.
#pragma once

#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"

namespace medarc::archive {

// Thread-safe. Looking a chunk up and pinning it happen under shared(), deciding what is dead and
// dropping it under exclusive(): so nothing is dropped between the look and the pin.
class Pins {
 public:
  std::shared_lock<std::shared_mutex> shared() { return std::shared_lock(gate_); }
  std::unique_lock<std::shared_mutex> exclusive() { return std::unique_lock(gate_); }

  void pin(const Digest& d) {
    std::lock_guard lock(mutex_);
    ++digests_[d];
  }
  void unpin(const std::vector<Digest>& digests) {
    std::lock_guard lock(mutex_);
    for (const Digest& d : digests) {
      if (auto it = digests_.find(d); it != digests_.end() && --it->second == 0) digests_.erase(it);
    }
  }
  bool pinned(const Digest& d) {
    std::lock_guard lock(mutex_);
    return digests_.count(d) > 0;
  }

  // Segments that hold appended, uncommitted chunks are not rewritten.
  void hold_segment(uint32_t number) {
    std::lock_guard lock(mutex_);
    ++segments_[number];
  }
  void release_segment(uint32_t number) {
    std::lock_guard lock(mutex_);
    if (auto it = segments_.find(number); it != segments_.end() && --it->second == 0) segments_.erase(it);
  }
  bool segment_held(uint32_t number) {
    std::lock_guard lock(mutex_);
    return segments_.count(number) > 0;
  }

 private:
  std::shared_mutex gate_;
  std::mutex mutex_;
  std::unordered_map<Digest, uint32_t> digests_;
  std::unordered_map<uint32_t, uint32_t> segments_;
};

}  // namespace medarc::archive

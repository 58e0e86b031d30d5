// Rendered images that were asked for lately, and how many are made at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"

namespace medarc::dicom {

// Least recently used go first. Thread-safe.
class RenderCache {
 public:
  explicit RenderCache(uint64_t bytes_max) : bytes_max_(bytes_max) {}
  std::shared_ptr<const Bytes> find(const std::string& key);  // nullptr when it is not kept
  void keep(const std::string& key, std::shared_ptr<const Bytes> bytes);

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const Bytes> bytes;
  };
  std::mutex mutex_;
  const uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  std::list<Entry> entries_;  // the latest first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

// Lets `places` in at a time. Thread-safe.
class Gate {
 public:
  explicit Gate(uint32_t places) : free_(places) {}
  class Pass {
   public:
    explicit Pass(Gate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    Gate* gate_;
  };
  // Waits; an empty pass when none came free in time.
  Pass enter(std::chrono::milliseconds wait);

 private:
  void leave();
  std::mutex mutex_;
  std::condition_variable freed_;
  uint32_t free_;
};

}  // namespace medarc::dicom

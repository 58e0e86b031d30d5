// An Index that only takes commits: it keeps the audit entries, may be slow, and fails when told
// to.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "index/index.h"

namespace medarc::test {

class FakeIndex final : public index::Index {
 public:
  Result<index::CommitResult> commit(std::vector<archive::StagedBlob>,
                                     index::Facts facts) override {
    ++commits;
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
    if (failing) return make_error(Code::exhausted, "no room");
    std::lock_guard lock(mutex_);
    index::CommitResult result;
    for (const index::Op& op : facts.ops) {
      entries_.push_back(std::get<index::RecordAudit>(op).entry);
      result.outcomes.emplace_back();
    }
    return result;
  }
  std::unique_ptr<index::View> view() override { return nullptr; }
  archive::BlobStore& blobs() override { std::abort(); }
  index::Lookups& lookups() override { std::abort(); }
  Result<index::IndexStats> stats() override { return index::IndexStats{}; }
  Status for_each_row(const std::function<bool(ByteView, ByteView)>&) override { return {}; }
  Status flush() override { return {}; }

  std::vector<index::AuditEntry> entries() {
    std::lock_guard lock(mutex_);
    return entries_;
  }
  uint64_t accesses() {
    uint64_t sum = 0;
    for (const auto& entry : entries()) sum += entry.count;
    return sum;
  }

  std::atomic<int> commits{0}, delay_ms{0};
  std::atomic<bool> failing{false};

 private:
  std::mutex mutex_;
  std::vector<index::AuditEntry> entries_;
};

}  // namespace medarc::test

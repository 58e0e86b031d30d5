#include "dicom/render/cache.h"

namespace medarc::dicom {

std::shared_ptr<const Bytes> RenderCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->bytes;
}

void RenderCache::keep(const std::string& key, std::shared_ptr<const Bytes> bytes) {
  // One that would push everything else out is not worth it.
  if (bytes->size() > bytes_max_ / 4) return;
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return;
  bytes_ += bytes->size();
  entries_.push_front({key, std::move(bytes)});
  by_key_[key] = entries_.begin();
  while (bytes_ > bytes_max_) {
    bytes_ -= entries_.back().bytes->size();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

Gate::Pass Gate::enter(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  if (!freed_.wait_for(lock, wait, [this] { return free_ > 0; })) return Pass(nullptr);
  --free_;
  return Pass(this);
}

void Gate::leave() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  freed_.notify_one();
}

}  // namespace medarc::dicom

#include "web/dicomweb/page_memory.h"

#include "archive/hash.h"

namespace medarc::web {

Digest PageMemory::key_of(std::string_view search, uint64_t offset) {
  return archive::Sha256::of(std::to_string(offset) + "\n" + std::string(search));
}

void PageMemory::drop(std::list<Page>::iterator page) {
  by_key_.erase(page->key);
  pages_.erase(page);
}

void PageMemory::remember(std::string_view search, uint64_t offset, Bytes cursor, Timestamp at) {
  const Digest key = key_of(search, offset);
  std::lock_guard lock(mutex_);
  if (const auto before = by_key_.find(key); before != by_key_.end()) drop(before->second);
  if (pages_max_ == 0) return;
  while (!pages_.empty() &&
         (pages_.size() >= pages_max_ || pages_.front().made.us + kKeptUs < at.us)) {
    drop(pages_.begin());
  }
  pages_.push_back({key, std::move(cursor), at});
  by_key_[key] = std::prev(pages_.end());
}

std::optional<Bytes> PageMemory::find(std::string_view search, uint64_t offset, Timestamp at) {
  const Digest key = key_of(search, offset);
  std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  if (found->second->made.us + kKeptUs < at.us) {
    drop(found->second);
    return std::nullopt;
  }
  return found->second->cursor;
}

}  // namespace medarc::web

// Where answered pages of searches ended, so that the next page (the same search, offset = what was
// answered so far) goes on behind the last row instead of counting rows again: nothing comes twice
// and nothing is left out while data arrives (dicom.md Q12), and a deep page costs what the first
// one did. What is forgotten is skipped row by row, as PS3.18 8.3.4.4 describes it. Thread-safe.
#pragma once

#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace medarc::web {

class PageMemory {
 public:
  static constexpr int64_t kKeptUs = 600'000'000;  // ten minutes
  explicit PageMemory(size_t pages_max) : pages_max_(pages_max) {}

  // `search`: everything that decides who gets which rows in which order.
  void remember(std::string_view search, uint64_t offset, Bytes cursor, Timestamp at = now());
  // The cursor behind the first `offset` rows, as they were when they were answered.
  std::optional<Bytes> find(std::string_view search, uint64_t offset, Timestamp at = now());

 private:
  struct Page {
    Digest key;
    Bytes cursor;
    Timestamp made;
  };
  static Digest key_of(std::string_view search, uint64_t offset);
  void drop(std::list<Page>::iterator page);

  const size_t pages_max_;
  std::mutex mutex_;
  std::list<Page> pages_;  // the oldest first
  std::map<Digest, std::list<Page>::iterator> by_key_;
};

}  // namespace medarc::web

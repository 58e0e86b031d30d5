// Counts by cycle of the sequencer and by what was read there (a quality, a letter). A cycle beyond
// 512 shares its row with its neighbours (size_classes.h): memory follows the longest read up to
// there, and its logarithm after.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "genomics/size_classes.h"

namespace medarc::genomics {

template <size_t kColumns>
class CycleTable {
 public:
  // Cycles 0 to n - 1; `column_at`: the column of a cycle, below kColumns.
  template <class ColumnAt>
  void add(size_t n, ColumnAt column_at) {
    if (n == 0) return;
    make_room(n);
    uint32_t* row = hot_.data();
    size_t cycle = 0;
    for (const size_t end = std::min<size_t>(n, kExactSizes); cycle < end; ++cycle) {
      ++row[column_at(cycle)];
      row += kColumns;
    }
    while (cycle < n) {
      const size_t shared = size_class(cycle);
      row = hot_.data() + shared * kColumns;
      const bool last = shared + 1 == kSizeClasses;
      const size_t end = last ? n : std::min<size_t>(n, size_class_begin(shared + 1));
      for (; cycle < end; ++cycle) ++row[column_at(cycle)];
    }
  }
  size_t rows() const { return hot_.size() / kColumns; }
  uint64_t count(size_t row, size_t column) const {
    return counts_[row * kColumns + column] + hot_[row * kColumns + column];
  }

 private:
  // Counting is done in few bytes, so that the rows in use stay near the processor.
  void make_room(size_t n) {
    if (const size_t row = size_class(n - 1); row >= rows()) {
      hot_.resize((row + 1) * kColumns);
      counts_.resize(hot_.size());
    }
    if ((hot_bases_ += n) < kCarryBases) return;
    for (size_t i = 0; i < hot_.size(); ++i) counts_[i] += hot_[i];
    std::fill(hot_.begin(), hot_.end(), 0);
    hot_bases_ = n;
  }

  static constexpr uint64_t kCarryBases = 1ull << 31;  // no count overflows before
  std::vector<uint32_t> hot_;                          // since they were last carried over
  std::vector<uint64_t> counts_;
  uint64_t hot_bases_ = 0;
};

}  // namespace medarc::genomics

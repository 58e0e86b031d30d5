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
    uint16_t* hot = hot_.data();
    size_t cycle = 0;
    for (const size_t end = std::min<size_t>(n, kExactSizes); cycle < end; ++cycle) {
      ++hot[column_at(cycle)];
      hot += kColumns;
    }
    while (cycle < n) {
      const size_t shared = size_class(cycle);
      uint64_t* const row = counts_.data() + shared * kColumns;
      const bool last = shared + 1 == kSizeClasses;
      const size_t end = last ? n : std::min<size_t>(n, size_class_begin(shared + 1));
      for (; cycle < end; ++cycle) ++row[column_at(cycle)];
    }
  }
  size_t rows() const { return counts_.size() / kColumns; }
  uint64_t count(size_t row, size_t column) const {
    const size_t at = row * kColumns + column;
    return counts_[at] + (at < hot_.size() ? hot_[at] : 0);
  }

 private:
  void make_room(size_t n) {
    if (const size_t row = size_class(n - 1); row >= rows()) {
      counts_.resize((row + 1) * kColumns);
      hot_.resize(std::min<size_t>(row + 1, kExactSizes) * kColumns);
    }
    if (++reads_since_ < UINT16_MAX) return;
    for (size_t i = 0; i < hot_.size(); ++i) counts_[i] += hot_[i];
    std::fill(hot_.begin(), hot_.end(), uint16_t{0});
    reads_since_ = 0;
  }

  std::vector<uint64_t> counts_;
  // Of cycles with a row of their own, since they were last carried over: a read counts at most one
  // in each, and few bytes stay near the processor.
  std::vector<uint16_t> hot_;
  uint32_t reads_since_ = 0;
};

}  // namespace medarc::genomics

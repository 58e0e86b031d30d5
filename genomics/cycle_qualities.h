// How often each base quality was read at each cycle of the sequencer. Memory: about 1 MB at most.
#pragma once

#include <string>

#include "base/bytes.h"
#include "genomics/cycle_table.h"

namespace medarc::genomics {

class CycleQualities {
 public:
  static constexpr size_t kQualities = 96;  // columns; the last: all from 95 on
  // One byte a base, `offset` more than its quality, in the order of `bytes`, or backwards: as a
  // read on the reverse strand was sequenced. 0xFF each where a read has none (offset 0).
  void add(ByteView bytes, bool backwards, uint8_t offset = 0);
  uint64_t sum() const;  // of all qualities
  size_t rows() const { return table_.rows(); }
  uint64_t count(size_t row, size_t quality) const { return table_.count(row, quality); }
  // Rows as samtools' FFQ: [cycle, from 1 on, then counts of quality 0, 1, … up to the last that
  // occurs in any row]; of rows that cycles share the first cycle.
  void write(std::string& json) const;

 private:
  CycleTable<kQualities> table_;
  uint64_t high_sum_ = 0;  // of qualities in the last column
};

}  // namespace medarc::genomics

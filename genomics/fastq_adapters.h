// FastQC's "Adapter Content": the share of reads in which an adapter has begun by each position.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "genomics/size_classes.h"

namespace medarc::genomics {

struct Adapter {
  std::string_view name, sequence;
};
// The ends of adapters that manufacturers publish, as FastQC 0.11.9 knows them: 12 bases each.
inline constexpr size_t kAdapterBases = 12;
inline constexpr std::array<Adapter, 5> kAdapters = {{
    {"Illumina Universal Adapter", "AGATCGGAAGAG"},
    {"Illumina Small RNA 3' Adapter", "TGGAATTCTCGG"},
    {"Illumina Small RNA 5' Adapter", "GATCGTCGGACT"},
    {"Nextera Transposase Sequence", "CTGTCTCTTATA"},
    {"SOLID Small RNA Adapter", "CGCCTTGGCCGT"},
}};

class AdapterContent {
 public:
  AdapterContent();
  void add(ByteView sequence);  // in capitals
  // Positions at which an adapter may begin in the longest read; 0: it has none.
  uint64_t positions() const { return positions_; }
  // Percent of reads with the adapter at or before a position (from 1 on).
  double percent(size_t adapter, uint64_t position) const;
  // The same at the last position.
  double percent(size_t adapter) const;

 private:
  std::array<std::vector<uint64_t>, kAdapters.size()> begins_;  // by size class of the position
  uint64_t reads_ = 0, positions_ = 0;
};

}  // namespace medarc::genomics

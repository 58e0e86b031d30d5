// Gaps in the Instance Numbers of a series. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace medarc::dicom {

struct NumberGap {
  int64_t from = 0, to = 0;  // the numbers nobody has, both included
  bool operator==(const NumberGap&) const = default;
};

struct Numbering {
  uint64_t numbered = 0;  // instances
  uint64_t doubled = 0;   // of those, with a number another one has had
  int64_t first = 0, last = 0;
  uint64_t missing = 0;         // numbers between first and last
  std::vector<NumberGap> gaps;  // the first ones
};

// `numbers` are IS values: within 32 bits.
Numbering numbering_of(std::vector<int64_t> numbers, size_t gaps_max);

// Whether what is missing looks like holes, and not like the way the series is numbered (1, 3, 5 …,
// or one number for each of many slices that another series has): less than a third is missing.
bool has_holes(const Numbering& numbering);

}  // namespace medarc::dicom

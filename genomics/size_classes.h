// Classes of lengths and of positions in reads: each its own up to 512, then 16 an octave, so that
// tables over reads of any length stay small and are exact where short reads are.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace medarc::genomics {

inline constexpr uint64_t kExactSizes = 512;
inline constexpr size_t kOctaveClasses = 16;
inline constexpr size_t kSizeClasses = kExactSizes + kOctaveClasses * 26;  // sizes below 2^35

// `size` from 0 on; above the last class: the last.
constexpr size_t size_class(uint64_t size) {
  if (size < kExactSizes) return static_cast<size_t>(size);
  const int octave = std::bit_width(size) - std::bit_width(kExactSizes);
  const uint64_t part =
      (size - (kExactSizes << octave)) / ((kExactSizes / kOctaveClasses) << octave);
  const size_t at = kExactSizes + kOctaveClasses * static_cast<size_t>(octave) + part;
  return at < kSizeClasses ? at : kSizeClasses - 1;
}

// The smallest size of a class; of kSizeClasses: where the last one ends.
constexpr uint64_t size_class_begin(size_t at) {
  if (at < kExactSizes) return at;
  const size_t octave = (at - kExactSizes) / kOctaveClasses;
  const uint64_t part = (at - kExactSizes) % kOctaveClasses;
  return (kExactSizes << octave) + part * ((kExactSizes / kOctaveClasses) << octave);
}

static_assert(size_class(511) == 511 && size_class(512) == 512 && size_class(543) == 512);
static_assert(size_class(544) == 513 && size_class(1024) == 528 && size_class_begin(528) == 1024);

}  // namespace medarc::genomics

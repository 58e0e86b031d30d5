// Cells of Pixel Data as numbers.
#pragma once

#include <cstdint>
#include <cstring>

#include "dicom/pixel/frame.h"

namespace medarc::dicom {

// Cell `i` in little endian; compiles to one load.
template <class T>
T cell(const char* cells, size_t i) {
  T v;
  std::memcpy(&v, cells + i * sizeof(T), sizeof(T));
  return v;
}

// Where in its cell a sample lies (PS3.5 8.1.1).
struct SampleBits {
  unsigned shift;
  uint32_t mask;
  uint32_t sign;  // the sign bit, shifted down; 0 when unsigned
  explicit SampleBits(const FrameShape& s)
      : shift(s.high_bit + 1u - s.bits_stored),
        mask(s.bits_stored >= 32 ? 0xFFFFFFFFu : (1u << s.bits_stored) - 1),
        sign(s.is_signed ? 1u << (s.bits_stored - 1) : 0) {}
  uint32_t raw(uint32_t cell_value) const { return cell_value >> shift & mask; }
  int64_t value(uint32_t raw_value) const {
    return (raw_value & sign) != 0 ? int64_t{raw_value} - int64_t{mask} - 1 : int64_t{raw_value};
  }
};

}  // namespace medarc::dicom

// Samples between native frames (little endian, bits_allocated wide) and what codecs work on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "base/bytes.h"
#include "dicom/pixel/frame.h"

namespace medarc::dicom::codec {

// The low `precision` bits (1-31) of `bits` as a number of the frame: sign-extended when it is
// signed.
inline int32_t sample_of(uint32_t bits, unsigned precision, bool is_signed) {
  const uint32_t mask = (1u << precision) - 1;
  bits &= mask;
  if (is_signed && (bits >> (precision - 1)) != 0) bits |= ~mask;
  return static_cast<int32_t>(bits);
}

// Writes sample `index` of a frame with 1, 8 or 16 bits allocated. 1: `out` was zero before.
inline void put_sample(std::span<char> out, uint16_t bits_allocated, size_t index, int32_t value) {
  if (bits_allocated == 16) {
    out[2 * index] = static_cast<char>(value);
    out[2 * index + 1] = static_cast<char>(value >> 8);
  } else if (bits_allocated == 8) {
    out[index] = static_cast<char>(value);
  } else if ((value & 1) != 0) {
    out[index / 8] = static_cast<char>(out[index / 8] | 1 << index % 8);
  }
}

// The bits of sample `index` of a frame with 1, 8 or 16 bits allocated.
inline uint32_t get_sample(ByteView pixels, uint16_t bits_allocated, size_t index) {
  const auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(pixels[i])); };
  if (bits_allocated == 16) return at(2 * index) | at(2 * index + 1) << 8;
  if (bits_allocated == 8) return at(index);
  return at(index / 8) >> (index % 8) & 1;
}

// Where sample `component` of pixel `pixel` stands in the frame.
inline size_t sample_index(const FrameShape& shape, size_t pixel, size_t component) {
  return shape.planar ? component * shape.rows * shape.columns + pixel
                      : pixel * shape.samples_per_pixel + component;
}

// How many bits a lossless codestream needs a sample: Bits Stored, or Bits Allocated when the bits
// above are in use (overlays of old, PS3.5 8.1.1), so that every bit comes back.
inline unsigned precision_needed(const FrameShape& shape, ByteView pixels) {
  const unsigned stored = shape.bits_stored, allocated = shape.bits_allocated;
  if (stored == 0 || stored >= allocated || shape.high_bit + 1u != stored) return allocated;
  const size_t samples = size_t{shape.rows} * shape.columns * shape.samples_per_pixel;
  const uint32_t mask = (1u << allocated) - 1;
  for (size_t i = 0; i < samples; ++i) {
    const uint32_t bits = get_sample(pixels, shape.bits_allocated, i);
    if ((static_cast<uint32_t>(sample_of(bits, stored, shape.is_signed)) & mask) != bits) {
      return allocated;
    }
  }
  return stored;
}

// Samples of `width` bytes (1 or 2, little endian) with `precision` bits, in place in the order of
// the frame, to the frame's own width. `from` and `out` may be the same bytes when the widths are.
inline void widen(ByteView from, size_t width, unsigned precision, const FrameShape& shape,
                  std::span<char> out) {
  const size_t samples = size_t{shape.rows} * shape.columns * shape.samples_per_pixel;
  const bool extend = shape.is_signed && precision < shape.bits_allocated;
  if (width * 8 == shape.bits_allocated && !extend) {
    if (from.data() != out.data()) std::memcpy(out.data(), from.data(), out.size());
    return;
  }
  for (size_t i = 0; i < samples; ++i) {
    const uint32_t bits = get_sample(from, static_cast<uint16_t>(width * 8), i);
    put_sample(out, shape.bits_allocated, i, sample_of(bits, precision, shape.is_signed));
  }
}

}  // namespace medarc::dicom::codec

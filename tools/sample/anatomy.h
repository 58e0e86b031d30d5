// A chest by formula: body, fat, lungs, heart, spine, ribs and vessels, the same from slice to slice
// as a body is, with a scanner's noise.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace medarc::tools::sample {

// Slice `z` of `slices_count`, `size` x `size` pixels, 12 bits in 16 little endian, stored value =
// HU + 1024. Deterministic.
Bytes ct_slice(uint32_t z, uint32_t slices_count, uint32_t size, uint64_t seed);

// Frame `t` of one heart beat of `frames_count`, as an ultrasound sector, 8 bits.
Bytes cine_frame(uint32_t t, uint32_t frames_count, uint32_t rows, uint32_t columns, uint64_t seed);

}  // namespace medarc::tools::sample

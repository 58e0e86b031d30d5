// Look-up tables of a dataset (PS3.3 C.7.6.3.1.5-6, C.7.9.2, C.11.1, C.11.2): three numbers that
// describe a table, and its entries, neither of which is believed before they agree.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dicom/render/items.h"

namespace medarc::dicom {

struct Lut {
  int32_t first = 0;              // the value that the first entry is for
  uint16_t bits = 16;             // of an entry: 1 to 16
  std::vector<uint16_t> entries;  // 1 to 65536
  // Values below the first have the first entry, those above the last the last.
  uint16_t at(int64_t value) const {
    const int64_t i = value - first;
    return i <= 0 ? entries.front() : entries[std::min(static_cast<size_t>(i), entries.size() - 1)];
  }
};

// The table described by (descriptor) and held in (data) of `item`. `is_signed`: the values it is
// for may be negative. not_acceptable, with the reason, when the two do not fit.
Result<Lut> read_lut(const ItemView& item, Tag descriptor, Tag data, bool is_signed);

// Red, Green and Blue Palette Color Lookup Table, plain or segmented, as 8-bit colours.
struct Palette {
  int32_t first = 0;
  std::vector<uint8_t> red, green, blue;  // of one length, 1 to 65536
};
Result<Palette> read_palette(const ItemView& dataset, bool is_signed);

// Segmented data (PS3.3 C.7.9.2) of `word_bytes` 1 or 2 as exactly `count` plain entries, or
// not_acceptable. Work and memory follow `count` and the length of `words`.
Result<std::vector<uint16_t>> expand_segments(const std::vector<uint16_t>& words, size_t word_bytes,
                                              size_t count);

}  // namespace medarc::dicom

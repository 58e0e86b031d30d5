// Splits bytes as `seed` says: at most some sixty pieces, those of 1 to 16 octets beside large
// ones.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"

namespace medarc::fuzz {

class Pieces {
 public:
  Pieces(ByteView bytes, uint32_t seed)
      : rest_(bytes), large_(bytes.size() / 16 + 1), seed_(seed) {}
  bool more() const { return !rest_.empty(); }
  ByteView next() {
    seed_ = seed_ * 1664525 + 1013904223;
    const uint32_t random = seed_ >> 8;
    const size_t wanted =
        (random & 3) == 0 ? 1 + (random >> 2) % 16 : 1 + (random >> 2) % (2 * large_);
    const ByteView piece = rest_.substr(0, wanted);
    rest_.remove_prefix(piece.size());
    return piece;
  }

 private:
  ByteView rest_;
  const size_t large_;
  uint32_t seed_;
};

}  // namespace medarc::fuzz

// Where content-defined chunks end: a gear hash over the last 64 bytes, so that the same content
// gives the same cuts wherever it stands.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace medarc::archive {

class GearCutter {
 public:
  static constexpr size_t kMin = 256u << 10, kMax = 8u << 20;
  static constexpr int kMaskBits = 20;  // about 1 MiB beyond the minimum

  // Feeds bytes of the current chunk; answers how many of them belong to it when it ends inside
  // `bytes`, or npos when it goes on.
  size_t feed(ByteView bytes);
  void restart() { hash_ = 0, length_ = 0; }

 private:
  uint64_t hash_ = 0;
  size_t length_ = 0;
};

}  // namespace medarc::archive

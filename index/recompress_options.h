// How much work on what is stored already (sweep.h) may take of a machine that has other things to
// do.
#pragma once

#include <cstdint>

#include "base/config.h"

namespace medarc::index {

struct RecompressOptions {
  uint32_t share_percent = 50;   // of the time that one thread (and its codec worker, if it has
                                 // one) works; the rest is rest
  uint32_t busy_commits_s = 50;  // pauses while more than these are committed a second; 0: never
  uint64_t batch_bytes_max = 32ull << 20;  // plain bytes that one commit moves; in memory twice
  uint64_t kept_bytes_max = 64ull << 20;   // chunks undone lately, kept for whoever reads on
  static RecompressOptions from(Config& config);  // section [recompress]
};

}  // namespace medarc::index

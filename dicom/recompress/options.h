// How much recompression may take of a machine that has other things to do.
#pragma once

#include <cstdint>

#include "base/config.h"

namespace medarc::dicom {

struct RecompressOptions {
  uint32_t share_percent = 50;   // of the time that one thread and one codec worker work; the rest
                                 // is rest
  uint32_t busy_commits_s = 50;  // pauses while more than these are committed a second; 0: never
  uint64_t batch_bytes_max = 32ull << 20;  // pixels that one commit moves; held in memory twice
  uint64_t kept_bytes_max = 64ull << 20;   // chunks undone lately, kept for whoever reads on
  static RecompressOptions from(Config& config);  // section [recompress]
};

}  // namespace medarc::dicom

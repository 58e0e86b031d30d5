// Every number a Crypt4GH file or an administrator's list of recipients can push.
#pragma once

#include <cstdint>

#include "base/config.h"

namespace medarc::genomics {

struct Crypt4ghLimits {
  uint32_t packets_max = 1'000;                // of one header, for whomever they are
  uint64_t header_bytes_max = 16ull << 20;     // of one header
  uint32_t recipients_max = 10'000;            // that have names
  static Crypt4ghLimits from(Config& config);  // section [genomics], crypt4gh_…
};

}  // namespace medarc::genomics

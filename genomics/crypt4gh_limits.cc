#include "genomics/crypt4gh_limits.h"

namespace medarc::genomics {

Crypt4ghLimits Crypt4ghLimits::from(Config& config) {
  Crypt4ghLimits l;
  l.packets_max =
      static_cast<uint32_t>(config.size("genomics.crypt4gh_packets_max", l.packets_max,
                                        "Packets in the header of a Crypt4GH file.", 1, 1'000'000));
  l.header_bytes_max = config.size("genomics.crypt4gh_header_bytes_max", l.header_bytes_max,
                                   "Header of a Crypt4GH file.", 1024);
  l.recipients_max = static_cast<uint32_t>(
      config.size("genomics.crypt4gh_recipients_max", l.recipients_max,
                  "Names of those whom files are encrypted for.", 1, 1'000'000));
  return l;
}

}  // namespace medarc::genomics

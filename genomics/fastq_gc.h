// FastQC's "Per sequence GC content": reads by their percentage of G and C. A read is cut to a
// multiple of 100 bases (above 1,000: of 1,000) and spread over the percentages that its count
// could mean, so that lengths that share few divisors with 100 leave no teeth in the curve.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>

#include "base/bytes.h"

namespace medarc::genomics {

class GcDistribution {
 public:
  using Percents = std::array<double, 101>;
  void add(ByteView sequence);  // letters in either case
  const Percents& percents() const { return percents_; }

 private:
  // How many counts of G and C claim each percentage, in a read of this length.
  using Claims = std::array<uint32_t, 101>;
  const Claims& claims_of(uint64_t bases);
  static constexpr uint64_t kModelBasesMax = 20'000;  // longer reads are not spread
  std::unordered_map<uint64_t, Claims> models_;       // at most 128 of them
  Percents percents_{};
};

}  // namespace medarc::genomics

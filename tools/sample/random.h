// A small, fast generator whose numbers are the same everywhere (SplitMix64), so that the sample is
// the same files on every machine.
#pragma once

#include <cstdint>

namespace medarc::tools::sample {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ull;
    return mix(state_);
  }
  // In [0, bound); bound > 0. The bias is below 2^-32 for the bounds used here.
  uint64_t below(uint64_t bound) { return (next() >> 32) * bound >> 32; }
  // True once in `n` times.
  bool once_in(uint64_t n) { return below(n) == 0; }
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace medarc::tools::sample

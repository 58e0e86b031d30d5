// A mean depth in 13 bits (DEPTH.md): 128 steps an octave.
#pragma once

#include <cmath>
#include <cstdint>

namespace medarc::genomics {

using DepthCode = uint16_t;
inline constexpr int kDepthExponentMin = -32;
inline constexpr int kDepthSteps = 128;
inline constexpr DepthCode kDepthCodeMax = 64 * kDepthSteps - 1;

inline DepthCode depth_code(double mean) {
  if (!(mean > 0)) return 0;
  int exponent = 0;
  const double fraction = std::frexp(mean, &exponent);  // [0.5, 1)
  const double steps = std::round((2 * fraction - 1) * kDepthSteps) +
                       static_cast<double>(exponent - 1 - kDepthExponentMin) * kDepthSteps;
  if (steps < 1) return 1;
  return steps > kDepthCodeMax ? kDepthCodeMax : static_cast<DepthCode>(steps);
}

inline double depth_of(DepthCode code) {
  if (code == 0) return 0;
  return std::ldexp(1 + static_cast<double>(code % kDepthSteps) / kDepthSteps,
                    code / kDepthSteps + kDepthExponentMin);
}

}  // namespace medarc::genomics

#include "genomics/base_groups.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

constexpr uint64_t kGroupsMax = 75, kSingles = 9;

// The least of 2, 5, 10, 20, 50, … that gives few enough groups.
uint64_t run_for(uint64_t longest) {
  for (uint64_t unit = 1;; unit *= 10) {
    for (const uint64_t step : {2, 5, 10}) {
      const uint64_t run = step * unit;
      const uint64_t rest = longest - kSingles;
      if (kSingles + rest / run + (rest % run != 0) < kGroupsMax) return run;
    }
  }
}

}  // namespace

std::vector<BaseGroup> base_groups(uint64_t longest) {
  std::vector<BaseGroup> out;
  const uint64_t run = longest <= kGroupsMax ? 1 : run_for(longest);
  for (uint64_t first = 1; first <= longest;) {
    uint64_t last = first;
    if (first > kSingles) {
      last = first + run - 1;
      // The first run ends where all others do: at a multiple of its size.
      if (first == kSingles + 1 && run > 10) last = run - 1;
    }
    last = std::min(last, longest);
    out.push_back({first, last});
    first = last + 1;
  }
  return out;
}

}  // namespace medarc::genomics

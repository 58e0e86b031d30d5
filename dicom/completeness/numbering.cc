#include "dicom/completeness/numbering.h"

#include <algorithm>

namespace medarc::dicom {

Numbering numbering_of(std::vector<int64_t> numbers, size_t gaps_max) {
  Numbering out;
  out.numbered = numbers.size();
  if (numbers.empty()) return out;
  std::sort(numbers.begin(), numbers.end());
  out.first = numbers.front();
  out.last = numbers.back();
  for (size_t i = 1; i < numbers.size(); ++i) {
    if (numbers[i] == numbers[i - 1]) {
      ++out.doubled;
      continue;
    }
    const int64_t missing = numbers[i] - numbers[i - 1] - 1;
    if (missing == 0) continue;
    out.missing += static_cast<uint64_t>(missing);
    if (out.gaps.size() < gaps_max) out.gaps.push_back({numbers[i - 1] + 1, numbers[i] - 1});
  }
  return out;
}

bool has_holes(const Numbering& numbering) {
  const auto span = static_cast<uint64_t>(numbering.last - numbering.first) + 1;
  return numbering.missing > 0 && numbering.missing * 3 < span;
}

}  // namespace medarc::dicom

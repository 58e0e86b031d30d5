#include "genomics/fastq_gc.h"

#include <algorithm>
#include <cmath>

#include "genomics/letter_counts.h"

namespace medarc::genomics {
namespace {

struct Percentages {
  size_t from, to;  // both within
};
// What `count` of `bases` may be, half a base up and down.
Percentages percentages_of(uint64_t count, uint64_t bases) {
  const auto n = static_cast<double>(bases);
  const double low = std::max(static_cast<double>(count) - 0.5, 0.0);
  const double high = std::min(static_cast<double>(count) + 0.5, n);
  const auto rounded = [n](double c) { return static_cast<size_t>(std::floor(c * 100 / n + 0.5)); };
  return {rounded(low), rounded(high)};
}

}  // namespace

const GcDistribution::Claims& GcDistribution::claims_of(uint64_t bases) {
  const auto [entry, made] = models_.try_emplace(bases);
  if (!made) return entry->second;
  for (uint64_t count = 0; count <= bases; ++count) {
    const Percentages p = percentages_of(count, bases);
    for (size_t i = p.from; i <= p.to; ++i) ++entry->second[i];
  }
  return entry->second;
}

void GcDistribution::add(ByteView sequence) {
  uint64_t bases = sequence.size();
  if (bases > 1000) {
    bases -= bases % 1000;
  } else if (bases > 100) {
    bases -= bases % 100;
  }
  if (bases == 0) return;
  const uint64_t gc = letter_counts(sequence.substr(0, bases)).gc;
  if (bases > kModelBasesMax) {
    percents_[(gc * 100 + bases / 2) / bases] += 1;
    return;
  }
  const Claims& claims = claims_of(bases);
  const Percentages p = percentages_of(gc, bases);
  for (size_t i = p.from; i <= p.to; ++i) percents_[i] += 1.0 / claims[i];
}

}  // namespace medarc::genomics

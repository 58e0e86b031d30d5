#include "genomics/fastq_repeats.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace medarc::genomics {
namespace {

constexpr size_t kWholeBases = 75, kPrefixBases = 50;

size_t slot_of(uint64_t level) {
  static constexpr std::array<uint64_t, 7> kFrom = {10, 51, 101, 501, 1001, 5001, 10'001};
  if (level < kFrom[0]) return static_cast<size_t>(level - 1);
  const auto above = std::upper_bound(kFrom.begin(), kFrom.end(), level);
  return 8 + static_cast<size_t>(above - kFrom.begin());
}

// That none of `level` among `all` reads is one of the first `looked_at`.
double missed_chance(uint64_t all, uint64_t looked_at, uint64_t level) {
  constexpr uint64_t kStepsMax = 1'000'000;
  if (level > all - looked_at) return 0;
  const auto n = static_cast<double>(all), l = static_cast<double>(level);
  if (looked_at > kStepsMax) {  // the same product by its logarithm
    const auto seen = static_cast<double>(looked_at);
    return std::exp(std::lgamma(n - l + 1) - std::lgamma(n - l - seen + 1) - std::lgamma(n + 1) +
                    std::lgamma(n - seen + 1));
  }
  double missed = 1;
  for (uint64_t i = 0; i < looked_at && missed > 1e-12; ++i) {
    const double left = n - static_cast<double>(i);
    missed *= (left - l) / left;
  }
  return missed;
}

}  // namespace

void SequenceRepeats::add(ByteView sequence) {
  ++reads_;
  if (sequence.size() > kWholeBases) sequence = sequence.substr(0, kPrefixBases);
  const bool full = counts_.size() >= kSequencesMax;
  const size_t mark = Hash()(sequence) % kMarks;
  if (full && !marks_[mark]) return;
  if (const auto known = counts_.find(sequence); known != counts_.end()) {
    ++known->second;
    if (!full) reads_at_limit_ = reads_;
  } else if (!full) {
    counts_.emplace(std::string(sequence), 1);
    marks_[mark] = true;
    reads_at_limit_ = reads_;
  }
}

// `observed` sequences occurred `level` times. Others that do may all lie behind the place where no
// new ones were taken any more: how many is estimated from the chance of that.
double SequenceRepeats::corrected(uint64_t level, uint64_t observed) const {
  const auto seen = static_cast<double>(observed);
  if (reads_at_limit_ == reads_ || reads_ - observed < reads_at_limit_) return seen;
  const double missed = missed_chance(reads_, reads_at_limit_, level);
  return seen / (1 - (missed < 1 - seen / (seen + 0.01) ? 0 : missed));
}

SequenceRepeats::Levels SequenceRepeats::levels() const {
  Levels out;
  std::map<uint64_t, uint64_t> by_level;
  for (const auto& [sequence, count] : counts_) ++by_level[count];
  double different = 0, all = 0;
  for (const auto& [level, observed] : by_level) {
    const double count = corrected(level, observed);
    const double reads = count * static_cast<double>(level);
    different += count;
    all += reads;
    out.deduplicated[slot_of(level)] += count;
    out.total[slot_of(level)] += reads;
  }
  if (all == 0) return out;
  for (double& percent : out.deduplicated) percent *= 100 / different;
  for (double& percent : out.total) percent *= 100 / all;
  out.remaining_percent = 100 * different / all;
  return out;
}

std::vector<SequenceRepeats::Repeated> SequenceRepeats::overrepresented() const {
  std::vector<Repeated> out;
  for (const auto& [sequence, count] : counts_) {
    const double percent = 100 * static_cast<double>(count) / static_cast<double>(reads_);
    if (percent > kOverrepresented) out.push_back({sequence, count, percent});
  }
  std::sort(out.begin(), out.end(), [](const Repeated& a, const Repeated& b) {
    return a.count != b.count ? a.count > b.count : a.sequence < b.sequence;
  });
  return out;
}

}  // namespace medarc::genomics

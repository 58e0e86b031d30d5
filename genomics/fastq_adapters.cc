#include "genomics/fastq_adapters.h"

#include <algorithm>
#include <cstring>

namespace medarc::genomics {

AdapterContent::AdapterContent() {
  for (auto& begins : begins_) begins.resize(kSizeClasses);
}

void AdapterContent::add(ByteView sequence) {
  ++reads_;
  if (sequence.size() < kAdapterBases) return;
  if (sequence.size() > kAdapterBases) {
    positions_ = std::max<uint64_t>(positions_, sequence.size() - kAdapterBases + 1);
  }
  for (size_t i = 0; i < kAdapters.size(); ++i) {
    const void* found =
        memmem(sequence.data(), sequence.size(), kAdapters[i].sequence.data(), kAdapterBases);
    if (found == nullptr) continue;
    ++begins_[i]
             [size_class(static_cast<uint64_t>(static_cast<const char*>(found) - sequence.data()))];
  }
}

double AdapterContent::percent(size_t adapter, uint64_t position) const {
  if (reads_ == 0 || position == 0) return 0;
  uint64_t sum = 0;
  for (size_t at = 0; at <= size_class(position - 1); ++at) sum += begins_[adapter][at];
  return 100 * static_cast<double>(sum) / static_cast<double>(reads_);
}

double AdapterContent::percent(size_t adapter) const { return percent(adapter, positions_); }

}  // namespace medarc::genomics

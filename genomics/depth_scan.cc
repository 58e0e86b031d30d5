#include "genomics/depth_scan.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

constexpr uint32_t kPositionsAtOnce = 16'384;
constexpr uint8_t kNoQuality = 0xFF;

uint32_t le32(const uint8_t* p) {
  return p[0] | uint32_t{p[1]} << 8 | uint32_t{p[2]} << 16 | uint32_t{p[3]} << 24;
}

}  // namespace

Result<DepthScan> DepthScan::open(std::shared_ptr<const ReadSet> set, Region region,
                                  const DepthOptions& options, const Limits& limits,
                                  std::unique_ptr<archive::BlobReader> reader) {
  if (region.tid < 0) {
    return make_error(Code::invalid_argument, "region: the unplaced reads have no positions");
  }
  region.end = std::min(region.end, set->header.references[static_cast<size_t>(region.tid)].bases);
  region.begin = std::min(region.begin, region.end);
  if (region.end - region.begin > limits.depth_bases_max) {
    return make_error(Code::too_large,
                      "the region is over genomics.depth_bases_max: ask for bins, or for a part");
  }
  const Selection selection{std::vector<Region>{region}, {}};
  MEDARC_ASSIGN(RecordScan scan,
                RecordScan::open(std::move(set), selection, limits, std::move(reader)));
  return DepthScan(std::move(scan), region, options);
}

Result<std::vector<uint32_t>> DepthScan::next() {
  const uint32_t wanted = std::min(kPositionsAtOnce, region_.end - first_);
  while (!ended_ && complete_ < first_ + wanted) {
    MEDARC_ASSIGN(const ByteView record, scan_.next());
    if (record.empty()) {
      ended_ = true;
      break;
    }
    const RecordFacts facts = facts_of(record.substr(4));
    complete_ = static_cast<uint32_t>(std::max(facts.begin, 0));
    if ((facts.flag & options_.excluded_flags) == 0 &&
        facts.mapping_quality >= options_.mapping_quality_min) {
      count(record.substr(4), facts);
    }
  }
  const size_t known = std::min<size_t>(wanted, counts_.size());
  const auto end = counts_.begin() + static_cast<std::ptrdiff_t>(known);
  std::vector<uint32_t> out(counts_.begin(), end);
  counts_.erase(counts_.begin(), end);
  out.resize(wanted);  // where no read reaches: 0
  first_ += wanted;
  return out;
}

void DepthScan::count_bases(int64_t begin, uint32_t bases, const uint8_t* qualities) {
  const int64_t from = std::max<int64_t>(begin, first_);
  const int64_t to = std::min<int64_t>(begin + bases, region_.end);
  if (from >= to) return;
  const auto size = static_cast<size_t>(to - first_);
  if (counts_.size() < size) counts_.resize(size);
  for (int64_t at = from; at < to; ++at) {
    if (qualities != nullptr && qualities[at - begin] < options_.base_quality_min) continue;
    ++counts_[static_cast<size_t>(at - first_)];
  }
}

void DepthScan::count(ByteView record, const RecordFacts& facts) {
  const CigarPlace cigar = cigar_of(record);
  const auto* bytes = reinterpret_cast<const uint8_t*>(record.data());
  const uint32_t bases = le32(bytes + 16);
  const uint8_t* qualities = bytes + cigar.qualities_at;
  if (bases == 0 || qualities[0] == kNoQuality || options_.base_quality_min == 0) {
    qualities = nullptr;
  }
  int64_t at = facts.begin;
  uint64_t read_at = 0;
  for (uint32_t i = 0; i < cigar.ops; ++i) {
    const uint32_t v = le32(reinterpret_cast<const uint8_t*>(cigar.data) + 4 * size_t{i});
    const uint32_t op = v & 15, length = v >> 4;
    switch ("MIDNSHP=X"[op]) {
      case 'M':
      case '=':
      case 'X':
        count_bases(at, length, qualities == nullptr ? nullptr : qualities + read_at);
        at += length;
        read_at += length;
        break;
      case 'I':
      case 'S': read_at += length; break;
      case 'D':
        if (options_.deletions) count_bases(at, length, nullptr);
        at += length;
        break;
      case 'N': at += length; break;
      default: break;
    }
    if (at >= region_.end) return;
  }
}

}  // namespace medarc::genomics

#include "genomics/depth_builder.h"

#include <algorithm>
#include <bit>

#include "genomics/depth_code.h"

namespace medarc::genomics {
namespace {

constexpr uint64_t kNone = UINT64_MAX;
constexpr uint32_t kShiftMax = 31;
constexpr size_t kHeadBytes = 16, kEntryBytes = 24;
constexpr uint16_t kNotCounted = kUnmapped | kSecondary | kQcFail | kDuplicate;

uint64_t bins_of(uint64_t bases, uint32_t shift) { return (bases + (1ull << shift) - 1) >> shift; }

template <class T>
void put(Bytes& out, T v) {
  for (size_t i = 0; i < sizeof v; ++i) out += static_cast<char>(v >> 8 * i);
}

uint32_t cigar_op(const char* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap32(v);
  return v;
}

}  // namespace

DepthBuilder::DepthBuilder(const std::vector<Reference>& references) {
  for (const Reference& r : references) sums_.push_back({0, r.bases});
  begins_.assign(sums_.size(), kNone);
  const auto bins = [this] {
    uint64_t n = 0;
    for (const Sum& s : sums_) n += bins_of(s.bases, shift_);
    return n;
  };
  while (shift_ < kShiftMax && bins() > kBinsMax) ++shift_;
}

void DepthBuilder::add(const RecordFacts& r, const RecordParts& parts) {
  if (r.tid < 0 || r.begin < 0 || (r.flag & kNotCounted) != 0) return;
  if (r.tid != tid_) {
    end_reference();
    tid_ = r.tid;
    first_bin_ = static_cast<uint64_t>(r.begin) >> shift_;
    bins_.clear();
    changes_.clear();
  }
  auto at = static_cast<uint64_t>(r.begin);
  for (size_t i = 0; i < parts.cigar.size(); i += 4) {
    const uint32_t v = cigar_op(parts.cigar.data() + i);
    const uint32_t op = v & 15, length = v >> 4;
    const bool match = op == 0 || op == 7 || op == 8;
    if (match) cover(at, at + length);
    if (match || op == 2 || op == 3) at += length;
  }
}

void DepthBuilder::cover(uint64_t begin, uint64_t end) {
  Sum& sum = sums_[static_cast<size_t>(tid_)];
  end = std::min<uint64_t>(end, sum.bases);
  if (begin >= end) return;
  sum.counted += end - begin;
  const uint64_t first = (begin >> shift_) - first_bin_;
  const uint64_t last = ((end - 1) >> shift_) - first_bin_;
  if (last >= bins_.size()) {
    bins_.resize(last + 1);
    changes_.resize(last + 2);
  }
  if (first == last) {
    bins_[first] += end - begin;
    return;
  }
  bins_[first] += ((first_bin_ + first + 1) << shift_) - begin;
  bins_[last] += end - ((first_bin_ + last) << shift_);
  ++changes_[first + 1];
  --changes_[last];
}

// Turns the sums of a sequence into codes, level by level.
void DepthBuilder::end_reference() {
  if (tid_ < 0) return;
  const Sum& sum = sums_[static_cast<size_t>(tid_)];
  if (sum.counted == 0) return;
  begins_[static_cast<size_t>(tid_)] = codes_.size();
  uint64_t covering = 0;
  for (size_t i = 0; i < bins_.size(); ++i) {
    covering += changes_[i];
    bins_[i] += covering << shift_;
  }
  uint64_t first = first_bin_;
  for (uint32_t shift = shift_;; shift += 2) {
    const uint64_t level = codes_.size(), bins = bins_of(sum.bases, shift);
    codes_.resize(level + bins);  // no depth but where there are reads
    for (uint64_t i = 0; i < bins_.size(); ++i) {
      const uint64_t begin = (first + i) << shift;
      const uint64_t bases = std::min<uint64_t>(1ull << shift, sum.bases - begin);
      codes_[level + first + i] =
          depth_code(static_cast<double>(bins_[i]) / static_cast<double>(bases));
    }
    if (bins <= 1) break;
    const uint64_t next = first / 4;
    size_t made = 0;
    for (uint64_t i = 0; i < bins_.size(); ++i) {
      const size_t four = (first + i) / 4 - next;
      bins_[four] = bins_[i] + (four < made ? bins_[four] : 0);
      made = four + 1;
    }
    bins_.resize(made);
    first = next;
  }
}

Bytes DepthBuilder::finish() {
  end_reference();
  Bytes out = "MEDDEPT1";
  put(out, shift_);
  put(out, static_cast<uint32_t>(sums_.size()));
  const uint64_t codes_at = kHeadBytes + kEntryBytes * sums_.size();
  out.reserve(codes_at + 2 * codes_.size());
  for (size_t i = 0; i < sums_.size(); ++i) {
    put(out, sums_[i].counted);
    put(out, begins_[i] == kNone ? 0 : codes_at + 2 * begins_[i]);
    put(out, sums_[i].bases);
    put(out, uint32_t{0});
  }
  if constexpr (std::endian::native == std::endian::big) {
    for (uint16_t& code : codes_) code = __builtin_bswap16(code);
  }
  return out.append(reinterpret_cast<const char*>(codes_.data()), 2 * codes_.size());
}

}  // namespace medarc::genomics

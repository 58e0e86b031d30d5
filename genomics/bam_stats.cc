#include "genomics/bam_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace medarc::genomics {
namespace {

constexpr double kBulk = 0.99;  // of the pairs, by insert size: the rest are outliers

uint32_t cigar_op(const char* p) {
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  if constexpr (std::endian::native == std::endian::big) v = __builtin_bswap32(v);
  return v;
}

// Bases of M, I, = and X; and of H, which is what was sequenced but is not in the record.
struct CigarBases {
  uint64_t mapped = 0, hard_clipped = 0;
};
CigarBases bases_of(ByteView cigar) {
  CigarBases out;
  for (size_t at = 0; at < cigar.size(); at += 4) {
    const uint32_t v = cigar_op(cigar.data() + at);
    const uint32_t op = v & 15;
    if (op <= 1 || op == 7 || op == 8) out.mapped += v >> 4;
    if (op == 5) out.hard_clipped += v >> 4;
  }
  return out;
}

// Letters C (2) and G (4) among packed bases, sixteen at a time. The half byte behind an odd last
// base is no letter (0) in files that keep to the specification, and is masked for the others.
uint64_t gc_count(ByteView packed, uint32_t bases) {
  constexpr uint64_t kOnes = 0x1111111111111111;
  uint64_t count = 0;
  const auto add = [&](uint64_t v) {
    const uint64_t b0 = v, b1 = v >> 1, b2 = v >> 2, b3 = v >> 3;
    // Bits counted without the instruction, which not every x86-64 has: pairs, then a sum of bytes.
    const uint64_t found = (b1 ^ b2) & ~b0 & ~b3 & kOnes;
    count += ((found + (found >> 4)) & 0x0303030303030303) * 0x0101010101010101 >> 56;
  };
  const size_t whole = bases / 2;
  size_t at = 0;
  for (; at + 8 <= whole; at += 8) {
    uint64_t v;
    std::memcpy(&v, packed.data() + at, 8);
    add(v);
  }
  for (; at < whole; ++at) add(static_cast<uint8_t>(packed[at]));
  if (bases % 2 != 0) add(static_cast<uint8_t>(packed[at]) & 0xF0);
  return count;
}

uint64_t divided(uint64_t part, uint64_t whole) { return whole == 0 ? 0 : part / whole; }
double ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

BamStats::BamStats() : inserts_(kInsertBasesMax + 1), lengths_(kSizeClasses) {}

BamStats::Order BamStats::order_of(uint16_t flag) {
  if ((flag & kPaired) == 0) return kFirst;
  const bool first = (flag & kRead1) != 0, last = (flag & kRead2) != 0;
  if (first == last) return kOther;
  return first ? kFirst : kLast;
}

void BamStats::add(const RecordFacts& r, const RecordParts& parts) {
  if ((r.flag & kSecondary) != 0) {
    ++secondary_;
    return;
  }
  const bool supplementary = (r.flag & kSupplementary) != 0;
  supplementary_ += supplementary;
  if (parts.bases == 0) return;
  failed_ += (r.flag & kQcFail) != 0;
  const Order order = order_of(r.flag);
  const CigarBases cigar = bases_of(parts.cigar);
  const uint64_t length = parts.bases + cigar.hard_clipped;
  longest_ = std::max(longest_, length);
  length_max_[order] = std::max(length_max_[order], length);
  if (!supplementary) add_read(r, parts, order, length);
  if (r.tid == last_tid_ && r.begin < last_begin_) sorted_ = false;
  last_tid_ = r.tid;
  last_begin_ = r.begin;
  if ((r.flag & kUnmapped) != 0) return;
  cigar_bases_ += cigar.mapped;
  mismatches_ += static_cast<uint64_t>(parts.edit_distance);
  if (!supplementary && (r.flag & kPaired) != 0 && (r.flag & kMateUnmapped) == 0)
    add_pair(r, parts);
}

void BamStats::add_read(const RecordFacts& r, const RecordParts& parts, Order order,
                        uint64_t length) {
  ++reads_[order];
  bases_[order] += parts.bases;
  ++lengths_[size_class(length)][order];
  if ((r.flag & kDuplicate) != 0) {
    ++duplicates_;
    duplicate_bases_ += parts.bases;
  }
  const bool backwards = (r.flag & kReverse) != 0;
  if (order == kFirst) first_qualities_.add(parts.qualities, backwards);
  if (order == kLast) last_qualities_.add(parts.qualities, backwards);
  const uint64_t gc = gc_count(parts.sequence, parts.bases);
  ++gc_[order][(gc * 100 + parts.bases / 2) / parts.bases];
  paired_ += (r.flag & kPaired) != 0;
  if ((r.flag & kUnmapped) != 0) {
    ++unmapped_;
    return;
  }
  ++mapped_;
  quality_zero_ += r.mapping_quality == 0;
  mapped_bases_ += parts.bases;
  if ((r.flag & kPaired) == 0 || (r.flag & kMateUnmapped) != 0) return;
  ++mapped_pairs_;
  proper_ += (r.flag & kProperPair) != 0;
  other_reference_ += r.mate_tid != r.tid;
}

// Inward: the read that lies further left goes forward.
void BamStats::add_pair(const RecordFacts& r, const RecordParts& parts) {
  const int64_t size = std::min<int64_t>(std::abs(int64_t{parts.template_bases}), kInsertBasesMax);
  if (size == 0 && r.tid != r.mate_tid) return;
  const bool forward = (r.flag & kReverse) == 0, mate_forward = (r.flag & kMateReverse) == 0;
  const bool first = (r.flag & kRead1) != 0;
  const int64_t to_mate = int64_t{parts.mate_begin} - r.begin;
  const bool mate_ahead = (first ? to_mate : -to_mate) >= 0;
  const bool outside_in = (first == forward) == mate_ahead;
  const Orientation orientation = forward == mate_forward ? kOtherPair
                                  : outside_in            ? kInward
                                                          : kOutward;
  ++inserts_[static_cast<size_t>(size)][orientation];
}

// Both ends were counted.
uint64_t BamStats::pairs(size_t size, Orientation orientation) const {
  return inserts_[size][orientation] / 2;
}

std::string BamStats::summary() const {
  const auto all = [](const Counts& c) { return c[kOther] + c[kFirst] + c[kLast]; };
  const uint64_t reads = all(reads_), bases = all(bases_);
  std::array<uint64_t, 3> oriented{};
  uint64_t pairs_count = 0;
  const auto pairs_of = [this](size_t size) {
    return pairs(size, kInward) + pairs(size, kOutward) + pairs(size, kOtherPair);
  };
  for (size_t size = 0; size <= kInsertBasesMax; ++size) {
    for (const Orientation o : {kInward, kOutward, kOtherPair}) oriented[o] += pairs(size, o);
    pairs_count += pairs_of(size);
  }
  uint64_t bulk = 0;
  double sum = 0, squares = 0;
  size_t bulk_end = 0;
  for (size_t size = 0; size <= kInsertBasesMax && ratio(bulk, pairs_count) <= kBulk; ++size) {
    bulk += pairs_of(size);
    sum += static_cast<double>(size) * static_cast<double>(pairs_of(size));
    bulk_end = size + 1;
  }
  const double pairs_in_bulk = bulk == 0 ? 1 : static_cast<double>(bulk);
  const double average = sum / pairs_in_bulk;
  for (size_t size = 1; size < bulk_end; ++size) {
    const double off = static_cast<double>(size) - average;
    squares += static_cast<double>(pairs_of(size)) * off * off / pairs_in_bulk;
  }
  const double quality = ratio(first_qualities_.sum() + last_qualities_.sum(), bases);
  std::string out = "{";
  const auto put = [&out](std::string_view name, const auto& value) {
    fmt::format_to(std::back_inserter(out), R"({}"{}":{})", out.size() > 1 ? "," : "", name, value);
  };
  put("raw total sequences", reads);
  put("filtered sequences", 0);
  put("sequences", reads);
  put("is sorted", sorted_ ? 1 : 0);
  put("1st fragments", reads_[kFirst]);
  put("last fragments", reads_[kLast]);
  put("reads mapped", mapped_);
  put("reads mapped and paired", mapped_pairs_);
  put("reads unmapped", unmapped_);
  put("reads properly paired", proper_);
  put("reads paired", paired_);
  put("reads duplicated", duplicates_);
  put("reads MQ0", quality_zero_);
  put("reads QC failed", failed_);
  put("non-primary alignments", secondary_);
  put("supplementary alignments", supplementary_);
  put("total length", bases);
  put("total first fragment length", bases_[kFirst]);
  put("total last fragment length", bases_[kLast]);
  put("bases mapped", mapped_bases_);
  put("bases mapped (cigar)", cigar_bases_);
  put("bases trimmed", 0);
  put("bases duplicated", duplicate_bases_);
  put("mismatches", mismatches_);
  put("error rate", fmt::format("{:e}", ratio(mismatches_, cigar_bases_)));
  put("average length", divided(bases, reads));
  put("average first fragment length",
      fmt::format("{:.0f}", ratio(bases_[kFirst], reads_[kFirst])));
  put("average last fragment length", fmt::format("{:.0f}", ratio(bases_[kLast], reads_[kLast])));
  put("maximum length", longest_);
  put("maximum first fragment length", length_max_[kFirst]);
  put("maximum last fragment length", length_max_[kLast]);
  put("average quality", fmt::format("{:.1f}", quality));
  put("insert size average", fmt::format("{:.1f}", average));
  put("insert size standard deviation", fmt::format("{:.1f}", std::sqrt(squares)));
  put("inward oriented pairs", oriented[kInward]);
  put("outward oriented pairs", oriented[kOutward]);
  put("pairs with other orientation", oriented[kOtherPair]);
  put("pairs on different chromosomes", other_reference_ / 2);
  put("percentage of properly paired reads (%)",
      fmt::format("{:.1f}", 100 * ratio(proper_, reads)));
  return out + "}";
}

void BamStats::write_details(std::string& json) const {
  const auto put = [&json](fmt::string_view format, const auto&... values) {
    fmt::vformat_to(std::back_inserter(json), format, fmt::make_format_args(values...));
  };
  const char* comma = "";
  json += R"("IS":[)";
  for (size_t size = 0; size <= kInsertBasesMax; ++size) {
    const uint64_t in = pairs(size, kInward), out = pairs(size, kOutward),
                   other = pairs(size, kOtherPair);
    if (in + out + other == 0) continue;
    put("{}[{},{},{},{},{}]", comma, size, in + out + other, in, out, other);
    comma = ",";
  }
  json += R"(],"FFQ":)";
  first_qualities_.write(json);
  json += R"(,"LFQ":)";
  last_qualities_.write(json);
  json += R"(,"GC":{)";
  for (const Order order : {kFirst, kLast}) {
    put(R"({}"{}":[{}])", order == kFirst ? "" : ",", order == kFirst ? "first" : "last",
        fmt::join(gc_[order], ","));
  }
  json += R"(},"RL":[)";
  comma = "";
  for (size_t at = 0; at < lengths_.size(); ++at) {
    const Counts& c = lengths_[at];
    if (c[kOther] + c[kFirst] + c[kLast] == 0) continue;
    put("{}[{},{},{},{}]", comma, size_class_begin(at), c[kOther] + c[kFirst] + c[kLast], c[kFirst],
        c[kLast]);
    comma = ",";
  }
  json += ']';
}

}  // namespace medarc::genomics

// The numbers of `samtools stats` (1.16), made while a file streams in. Its rules, as its manual
// says and its answers show: secondary records and those without SEQ count only as such; what is
// said of reads leaves supplementary records out, what is said of alignments does not; a read that
// is not paired is a first fragment; insert sizes above 8,000 count as 8,000, and their average and
// deviation are of the smallest 99 % (a bulk that ends with the size that goes beyond).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "genomics/bam_record.h"
#include "genomics/cycle_qualities.h"

namespace medarc::genomics {

class BamStats {
 public:
  static constexpr uint32_t kInsertBasesMax = 8000;
  BamStats();
  void add(const RecordFacts& record, const RecordParts& parts);
  // The SN section as an object, with the tool's names, on one line.
  std::string summary() const;
  // Members of an object, without braces:
  //   "IS": [[insert size, pairs, inward, outward, other] …] where there are any
  //   "FFQ", "LFQ": qualities by cycle of first and last fragments (cycle_qualities.h)
  //   "GC": {"first": [reads with 0 %, 1 %, … 100 % G and C], "last": […]}, rounded
  //   "RL": [[read length, reads, of these first, last fragments] …]; above 512 the least length of
  //   a
  //         class (size_classes.h)
  void write_details(std::string& json) const;

 private:
  enum Order : uint8_t { kOther, kFirst, kLast };  // of a read in its template
  static constexpr size_t kOrders = 3;
  enum Orientation : uint8_t { kInward, kOutward, kOtherPair };
  using Counts = std::array<uint64_t, kOrders>;
  static Order order_of(uint16_t flag);
  void add_read(const RecordFacts& record, const RecordParts& parts, Order order, uint64_t length);
  void add_pair(const RecordFacts& record, const RecordParts& parts);
  uint64_t pairs(size_t size, Orientation orientation) const;

  Counts reads_{}, bases_{}, length_max_{};
  uint64_t longest_ = 0;
  bool sorted_ = true;
  int32_t last_tid_ = -1, last_begin_ = -1;
  uint64_t mapped_ = 0, mapped_pairs_ = 0, unmapped_ = 0, proper_ = 0, paired_ = 0, duplicates_ = 0,
           quality_zero_ = 0, failed_ = 0, secondary_ = 0, supplementary_ = 0, mapped_bases_ = 0,
           cigar_bases_ = 0, duplicate_bases_ = 0, mismatches_ = 0, other_reference_ = 0;
  CycleQualities first_qualities_, last_qualities_;
  std::vector<std::array<uint64_t, 3>> inserts_;  // by size and Orientation, each end once
  std::array<std::array<uint64_t, 101>, kOrders> gc_{};
  std::vector<Counts> lengths_;  // by size class
};

}  // namespace medarc::genomics

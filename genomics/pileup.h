// What the reads say at each position of a small region: the counts of `samtools mpileup -B`,
// without a reference: reads that are mapped, primary or supplementary, passed quality control, are
// no duplicates; of pairs only proper ones (unless orphans are asked for); where the two reads of a
// pair overlap, one of them counts (unless asked otherwise); bases below base_quality_min do not.
// Made with HTSlib's pileup engine from records that were checked at ingest.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "genomics/record_scan.h"

namespace medarc::genomics {

struct PileupOptions {
  uint8_t mapping_quality_min = 0;  // samtools mpileup -q
  uint8_t base_quality_min = 13;    // -Q
  bool orphans = false;             // -A
  bool overlaps_once = true;        // false: -x
  bool reads = false;               // PileupColumn::reads
};

struct Strands {
  uint32_t forward = 0, reverse = 0;
  void add(bool is_reverse) { ++(is_reverse ? reverse : forward); }
  uint32_t total() const { return forward + reverse; }
};

struct PileupRead {
  std::string name;
  char base = 'N';  // '*': deleted here; '>': skipped here (N in the CIGAR)
  bool reverse = false, first = false, last = false;  // of the read's aligned bases
  uint8_t base_quality = 0, mapping_quality = 0;
  uint32_t read_position = 0;  // 0-based, in the read as stored
  std::string inserted;        // behind this position
  uint32_t deleted = 0;        // reference bases missing behind this position
};

struct PileupColumn {
  uint32_t position = 0;          // 0-based
  uint32_t depth = 0;             // the fourth column of mpileup: with deletions and skips
  std::map<char, Strands> bases;  // by letter
  Strands deleted, skipped;       // reads with a deletion, or a skip, at this position
  std::map<std::string, Strands> insertions;  // behind this position, by their bases
  std::map<uint32_t, Strands> deletions;      // that begin behind this position, by length
  double quality_mean = 0;                    // of the counted bases; 0 when there are none
  std::vector<PileupRead> reads;              // in file order
};

// Memory: the reads at a position (pileup_depth_max of them; more are left out, as samtools does)
// and at most pileup_bytes_max. Not thread-safe. After an error only destruction is allowed.
class PileupScan {
 public:
  // Of one region, cut off at the end of its reference. Errors: too_large (pileup_bases_max),
  // invalid_argument (the unplaced reads have no positions), and those of RecordScan.
  static Result<PileupScan> open(std::shared_ptr<const ReadSet> set, Region region,
                                 const PileupOptions& options, const Limits& limits,
                                 std::unique_ptr<archive::BlobReader> reader);
  PileupScan(PileupScan&&) noexcept;
  ~PileupScan();
  // The next position that has a read over it; false: there are no more. Errors: too_large
  // (pileup_bytes_max, pileup_lead_bases_max), corrupt, exhausted, and those of the store.
  Result<bool> next(PileupColumn& out);
  const Region& region() const;

 private:
  struct State;
  explicit PileupScan(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace medarc::genomics

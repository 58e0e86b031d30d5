// Exact depth of every position of a region, from the records themselves: the numbers of
// `samtools depth -a`, which counts aligned bases (M, = and X) of reads that are mapped, primary or
// supplementary, passed quality control and are no duplicates. Deletions and skips do not count
// unless asked; overlapping mates count twice, as there.
#pragma once

#include <deque>
#include <vector>

#include "genomics/record_scan.h"

namespace medarc::genomics {

struct DepthOptions {
  uint8_t mapping_quality_min = 0;  // samtools depth -Q
  uint8_t base_quality_min = 0;     // -q; a read without qualities counts
  uint16_t excluded_flags =
      kUnmapped | kSecondary | kQcFail | kDuplicate;  // any of them: not counted
  bool deletions = false;                             // -J
};

// Memory: four bytes for each position from the one being answered to the end of the reads that
// cover it, inside the region. Not thread-safe. After an error only destruction is allowed.
class DepthScan {
 public:
  // Of one region, cut off at the end of its reference. Errors: too_large (depth_bases_max),
  // invalid_argument (the unplaced reads have no positions), and those of RecordScan.
  static Result<DepthScan> open(std::shared_ptr<const ReadSet> set, Region region,
                                const DepthOptions& options, const Limits& limits,
                                std::unique_ptr<archive::BlobReader> reader);

  // The depths of the positions that follow, some thousands at a time; empty: no more.
  Result<std::vector<uint32_t>> next();
  const Region& region() const { return region_; }

 private:
  DepthScan(RecordScan scan, Region region, const DepthOptions& options)
      : scan_(std::move(scan)), region_(region), options_(options), first_(region.begin) {}
  void count(ByteView record, const RecordFacts& facts);
  void count_bases(int64_t begin, uint32_t bases, const uint8_t* qualities);

  RecordScan scan_;
  Region region_;
  DepthOptions options_;
  uint32_t first_;               // position of counts_[0]
  std::deque<uint32_t> counts_;  // as far as any read reaches
  uint32_t complete_ = 0;        // no read that follows begins before
  bool ended_ = false;
};

}  // namespace medarc::genomics

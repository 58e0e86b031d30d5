// What is counted of a BAM file while it streams in: for its row (statistics), for the attachments
// "quality" and "depth", and what names its reads.
#pragma once

#include <optional>

#include "genomics/bam_stats.h"
#include "genomics/depth_builder.h"
#include "genomics/flagstat.h"
#include "genomics/idxstats.h"
#include "genomics/read_sums.h"
#include "genomics/record_digest.h"

namespace medarc::genomics {

class BamNumbers {
 public:
  static constexpr size_t kReferencesInRow = 100;      // of idxstats
  static constexpr size_t kReferencesMax = 1'000'000;  // in the attachment
  explicit BamNumbers(const std::vector<Reference>& references);
  // `record` as check_record took it.
  void add(const RecordFacts& facts, const RecordParts& parts, ByteView record);
  // The records are out of order: from now on there is no depth.
  void not_sorted() { depth_.reset(); }

  const Flagstat& flagstat() const { return flagstat_; }
  // Members of an object: "flagstat", "idxstats", "idxstatsLeftOut" (references with records that
  // are not listed, where there are any), "stats", "readSums"; "sex" where it can be looked at.
  std::string members(const std::vector<Reference>& references) const;
  // An object: "idxstats", "stats", and the tables of BamStats::write_details.
  std::string quality(const std::vector<Reference>& references) const;
  // The depth track; empty when the file is not sorted or has no reference sequences. Call once.
  Bytes take_depth();
  // "reads:…", "readset:…", and of pairs "mates:…" of each half.
  std::vector<std::string> identities() const;

 private:
  Flagstat flagstat_;
  Idxstats idxstats_;
  BamStats stats_;
  std::optional<DepthBuilder> depth_;
  ReadHasher reads_;
  RecordDigest digest_;
};

}  // namespace medarc::genomics

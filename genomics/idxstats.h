// The counts of `samtools idxstats`: mapped and unmapped records of each reference sequence, and
// those without one. Of files that are not sorted too, which the tool refuses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "genomics/bam_header.h"
#include "genomics/bam_record.h"

namespace medarc::genomics {

class Idxstats {
 public:
  explicit Idxstats(size_t references_count) : counts_(references_count) {}
  void add(const RecordFacts& record);
  // An array of {"name","length","mapped","unmapped"}, the name "*" last. Up to `references_max`
  // reference sequences: all if there are no more, else the first of those that have records.
  // Answers how many with records were left out.
  size_t write(const std::vector<Reference>& references, size_t references_max,
               std::string& json) const;

 private:
  struct Counts {
    uint64_t mapped = 0, unmapped = 0;
  };
  std::vector<Counts> counts_;
  Counts unplaced_;
};

}  // namespace medarc::genomics

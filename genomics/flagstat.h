// The counts of `samtools flagstat`, made while a file streams in.
#pragma once

#include <array>
#include <string>

#include "genomics/bam_record.h"

namespace medarc::genomics {

class Flagstat {
 public:
  void add(const RecordFacts& record);
  // As `samtools flagstat -O json` names and rounds them, on one line.
  std::string json() const;
  uint64_t total() const { return passed_.total + failed_.total; }
  uint64_t mapped() const { return passed_.mapped + failed_.mapped; }

 private:
  struct Counts {
    uint64_t total = 0, primary = 0, secondary = 0, supplementary = 0, duplicates = 0,
             primary_duplicates = 0, mapped = 0, primary_mapped = 0, paired = 0, read1 = 0,
             read2 = 0, proper = 0, both_mapped = 0, singletons = 0, other_reference = 0,
             other_reference_q5 = 0;
  };
  static void write(const Counts& c, std::string& out);
  Counts passed_, failed_;  // by the QC-fail flag
};

}  // namespace medarc::genomics

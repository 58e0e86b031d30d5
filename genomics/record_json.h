// A stored record as a JSON object, for programmes that read no BAM. Names are those of SAM's
// columns in lower case; what SAM writes as "*" or 0 for "not there" is null:
//
//   {"qname":"r1","flag":99,"rname":"chr1","pos":101,"mapq":60,"cigar":"150M","rnext":"chr1",
//    "pnext":300,"tlen":349,"seq":"ACGT…","qual":"IIII…","tags":{"NM":1,"MD":"150","ML":[1,2]}}
//
// pos and pnext are 1-based as in SAM; rnext is always the whole name; qual is Phred + 33. Tags of
// type A, Z and H are strings, numbers numbers (a float that is none: null), B arrays of numbers;
// the CG tag is the CIGAR. Bytes outside ASCII, which SAM does not allow, are written as U+0080 to
// U+00FF.
#pragma once

#include <memory>

#include "genomics/bam_header.h"
#include "genomics/record_mask.h"

namespace medarc::genomics {

// Not thread-safe.
class RecordJson {
 public:
  explicit RecordJson(const BamHeader& header);  // outlives it
  ~RecordJson();
  RecordJson(RecordJson&&) noexcept;
  // The record has its block_size and is masked already: fields of `mask` that were left out are
  // left out here too. Errors: corrupt, exhausted.
  Status append(ByteView record, const RecordMask& mask, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medarc::genomics

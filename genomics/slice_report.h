// What a slice costs and keeps back, for whoever wants to check the claim that slices are exact and
// small.
#pragma once

#include "genomics/slice.h"

namespace medarc::genomics {

struct SliceReport {
  uint64_t records_sent = 0;      // overlapping ones, all of them
  uint64_t records_withheld = 0;  // others, in the blocks that were looked at
  uint64_t blocks = 0;            // blocks that hold (a part of) an overlapping record
  uint64_t floor_bytes = 0;  // of those blocks as they are stored: what sending whole blocks takes
  uint64_t header_bytes = 0, verbatim_bytes = 0;
  uint64_t recoded_plain_bytes = 0, recoded_bytes = 0;  // read for what is coded again; written
  uint64_t body_bytes() const { return verbatim_bytes + recoded_bytes; }
  // Of the body; header and end marker come with any answer. 1 when nothing overlaps.
  double ratio() const;
};

// Reads and codes what the slice would. Errors: too_large when that is over recode_eager_bytes_max;
// corrupt; those of the store.
Result<SliceReport> report_slice(const Slice& slice, archive::BlobReader& file,
                                 const Limits& limits);

}  // namespace medarc::genomics

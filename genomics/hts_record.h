// Stored records as HTSlib holds them, and as it writes them: SAM text equal to `samtools view`.
// Nothing is read by HTSlib itself: records come from blocks that were checked at ingest
// (bam_record.h), and all its memory is one record's.
#pragma once

#include <memory>
#include <string>

#include "genomics/bam_header.h"

struct bam1_t;
struct sam_hdr_t;

namespace medarc::genomics {

// Makes `out` (of bam_init1()) hold the record, which has its block_size; a CIGAR that stands in
// the CG tag is put in its place (SAM 4.2.2), as HTSlib does when it reads. Errors: corrupt (not as
// it was checked), exhausted (memory).
Status load_record(ByteView record, bam1_t* out);

// Not thread-safe.
class SamText {
 public:
  // `header` outlives it. Errors: corrupt: HTSlib does not take the header; exhausted.
  static Result<SamText> create(const BamHeader& header);
  SamText(SamText&&) noexcept;
  ~SamText();
  // Appends the record's line with its end.
  Status append(ByteView record, std::string& out);

 private:
  struct State;
  explicit SamText(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Appends the header as `samtools view -H --no-PG` writes it: its text, and @SQ lines where the
// text has none.
void append_sam_header(const BamHeader& header, std::string& out);

}  // namespace medarc::genomics

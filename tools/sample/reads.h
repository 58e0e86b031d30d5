// A sequenced genome in small: a reference, one person's variants on it, read pairs with errors as a
// sequencer makes them, aligned (BAM, sorted by coordinate) and as the sequencer gave them (FASTQ).
#pragma once

#include "base/io.h"

namespace medarc::tools::sample {

struct ReadsOptions {
  uint32_t pairs_count = 100'000;
  uint32_t reference_bytes = 3'000'000;  // two thirds chr1, one third chr2
  uint64_t seed = 1;
  std::string sample = "SAMPLE";         // SM of the read group
};

// BAM (SAM specification, section 4.2) with @HD, @SQ, @RG and the end marker.
Status write_bam(const ReadsOptions& options, ByteSink& out);
// The same pairs, in the order of sequencing; `mate` is 1 or 2. Compressed as BGZF, which is gzip.
Status write_fastq(const ReadsOptions& options, int mate, ByteSink& out);

}  // namespace medarc::tools::sample

// Reads that a worker gives as BAM, with fields and tags left out. What a worker says is not
// believed: each record is checked as one of an upload.
#pragma once

#include <memory>

#include "base/io.h"
#include "genomics/bam_header.h"
#include "genomics/limits.h"
#include "genomics/record_mask.h"

namespace medarc::genomics {

// `blocks`: BGZF blocks of records without a header and without an end marker, of a file with this
// header. Gives such blocks. Memory follows a batch of blocks, or the largest record. Errors:
// corrupt: they are none; those of `blocks`.
std::unique_ptr<ByteSource> masked_bam(std::unique_ptr<ByteSource> blocks, BamHeader header,
                                       RecordMask mask, const Limits& limits);

}  // namespace medarc::genomics

// A BCF record as the VCF line it stands for.
#pragma once

#include "genomics/bcf_record.h"

namespace medarc::genomics {

// Appends the line with its end. `record` is a whole one with its two lengths, checked at ingest;
// what a damaged one would make is some text, never a read outside of it.
void append_vcf_line(const VcfHeader& header, ByteView record, Bytes& out);

}  // namespace medarc::genomics

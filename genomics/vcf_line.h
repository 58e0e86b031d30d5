// One line of a VCF file, read where it lies (VCF 4.5, section 1.6), and what any record of a
// variant file, VCF or BCF, comes to.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/bam_record.h"
#include "genomics/variant_type.h"

namespace medarc::genomics {

struct VcfColumns {
  ByteView contig, id, ref, alt, qual, filter, info;
  ByteView format, samples;  // samples: all of their columns; both may be empty
  uint32_t position = 0;     // POS: 1-based, 0: before the first base
};

// Printable ASCII without blanks.
bool is_contig_name(std::string_view name);

// `line` with or without its end. With `columns` the line is checked: that many columns, no NUL, a
// contig without blanks, POS a number up to 2^31-1, REF and ALT there. With 0 it is only cut, and
// an error tells that it has no POS. Errors: invalid_argument saying what is wrong.
Result<VcfColumns> split_vcf_line(ByteView line, uint32_t columns);

// Begin and end on its contig (tid is left out), 0-based and half-open, as bcftools has them: POS
// and the bases of REF, or with `info_end` up to INFO/END where that is behind POS. SVLEN does not
// count. A POS of 0 lies before the first base and is found under it.
RecordFacts place_of_vcf(const VcfColumns& columns, bool info_end);

// What is counted and indexed of a record.
struct VariantFacts {
  RecordFacts place;
  // tabix follows INFO/END whether it is declared or not: its index is told the larger end.
  int32_t end_in_index = 0;
  uint8_t types = kReferenceOnly;  // of all ALT alleles together
  uint32_t alts = 0;
};

// Types and ends; the contig is left to the caller.
VariantFacts facts_of_vcf(const VcfColumns& columns, bool info_end);

}  // namespace medarc::genomics

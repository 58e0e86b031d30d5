// What differs between the formats that are stored in BGZF blocks and cut by region: where a record
// ends, and where it lies on the reference. Everything else (planning, filtering, coding) is the
// same.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "genomics/bam_record.h"
#include "genomics/file_header.h"

namespace medarc::genomics {

struct RecordForm {
  enum class Kind : uint8_t { bam, vcf, bcf, bed } kind = Kind::bam;
  bool info_end = false;  // VCF: INFO/END is an Integer by the header and counts

  bool reads() const { return kind == Kind::bam; }
  bool variants() const { return kind == Kind::vcf || kind == Kind::bcf; }
};

// "reads", "variants" or "features": what its records are called.
const char* records_called(const RecordForm& form);

// Bytes of the record at the front of `plain`, with its framing (the length before it, the line end
// behind it); 0: they are not all there. The last line of a text may lack its end: it is as long as
// `plain` then. Lines of a BED file that are no records go with one (bed_line.h). For records that
// were checked at ingest: what cannot be is 0 too.
size_t record_bytes(const RecordForm& form, ByteView plain);

// Of one whole record with its framing, without any check.
RecordFacts place_of(const RecordForm& form, const FileHeader& header, ByteView record);

}  // namespace medarc::genomics

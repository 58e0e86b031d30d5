// One alignment record of a BAM file, read where it lies (SAM specification 4.2).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/bam_header.h"

namespace medarc::genomics {

enum Flag : uint16_t {
  kPaired = 0x1,
  kProperPair = 0x2,
  kUnmapped = 0x4,
  kMateUnmapped = 0x8,
  kReverse = 0x10,
  kMateReverse = 0x20,
  kRead1 = 0x40,
  kRead2 = 0x80,
  kSecondary = 0x100,
  kQcFail = 0x200,
  kDuplicate = 0x400,
  kSupplementary = 0x800,
};

inline constexpr size_t kRecordFixedBytes = 32;                     // after block_size
inline constexpr uint32_t kRecordBytesMin = kRecordFixedBytes + 2;  // a name of one letter

// What the archive needs of a record. Positions are 0-based, half-open.
struct RecordFacts {
  int32_t tid = -1, begin = -1;  // -1: none
  int32_t end = 0;               // begin + reference bases covered, at least 1 (as bam_endpos)
  int32_t mate_tid = -1;
  uint16_t flag = 0;
  uint8_t mapping_quality = 0;
};

// Where the rest lies, for the numbers made at ingest. Views into the record.
struct RecordParts {
  ByteView name;       // without its NUL
  ByteView cigar;      // 4 bytes an operation; of the CG tag where that holds it
  ByteView sequence;   // two bases a byte, the first in the high half: "=ACMGRSVTWYHKDBN"
  ByteView qualities;  // a byte a base; 0xFF each: none
  ByteView tags;
  uint32_t bases = 0;
  int32_t mate_begin = -1;
  int32_t template_bases = 0;  // TLEN
  int64_t edit_distance = 0;   // the first NM where it is an integer, else 0
};

// `record` is the bytes after block_size. Checks everything later code counts on: lengths of name,
// CIGAR, SEQ and QUAL against the record's, reference ids and positions against the header, CIGAR
// operations, and the framing of the optional fields. `parts`, if given, is filled in when the
// record is sound. Errors: invalid_argument saying what is wrong.
Result<RecordFacts> check_record(ByteView record, const BamHeader& header,
                                 RecordParts* parts = nullptr);

// Without any check, for records that were checked at ingest.
RecordFacts facts_of(ByteView record);

// Likewise: where the CIGAR stands (in the record, or in its CG tag: SAM 4.2.2), and the qualities.
struct CigarPlace {
  const char* data = nullptr;  // four bytes an operation, little endian
  uint32_t ops = 0;
  uint64_t qualities_at = 0;  // in the record
};
CigarPlace cigar_of(ByteView record);

}  // namespace medarc::genomics

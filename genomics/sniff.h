// What an upload is, from its first bytes: names and content types are never believed.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::genomics {

enum class Format {
  bam,  // BGZF holding "BAM\1"
  cram,
  fastq,       // plain text
  fastq_gzip,  // gzip of one or more members
  fastq_bgzf,  // the same in BGZF blocks
  vcf,         // plain text
  vcf_gzip,    // gzip of one or more members, as tools for regions cannot use it
  vcf_bgzf,    // in BGZF blocks
  bcf,         // BGZF holding "BCF\2"
  fasta,       // plain text
  fasta_gzip,  // gzip of one or more members
  fasta_bgzf,  // the same in BGZF blocks
  bed,         // plain text
  bed_gzip,    // gzip of one or more members
  bed_bgzf,    // the same in BGZF blocks
};

// "bam", "cram", "fastq", "fasta", "vcf", "bcf", "bed": as rows and filters name it.
std::string_view to_string(Format format);

inline constexpr size_t kSniffBytesMax = 128u << 10;

// `complete`: nothing follows `head`. nullopt: more bytes are needed (never with kSniffBytesMax or
// more, or when complete). Errors: unsupported, naming what was recognised (SAM, …);
// invalid_argument: empty, or nothing known.
Result<std::optional<Format>> sniff(ByteView head, bool complete);

// An index beside somebody's file (BAI, CSI, TBI): we make our own.
bool is_region_index(ByteView head);

}  // namespace medarc::genomics

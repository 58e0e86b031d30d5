// One walk over the plain bytes of a VCF or BCF file: checks header and every record, counts, and
// makes the index and the block map on the way. Iterative; memory follows the index and the longest
// record.
#pragma once

#include <optional>

#include "genomics/limits.h"
#include "genomics/record_track.h"
#include "genomics/vcf_header.h"
#include "genomics/vcf_line.h"

namespace medarc::genomics {

// Records that have at least one allele of the kind, as `bcftools stats` counts them.
struct VariantCounts {
  uint64_t records = 0, no_alts = 0, snvs = 0, mnvs = 0, indels = 0, others = 0, symbolic = 0,
           breakends = 0;
  uint64_t multiallelic = 0, multiallelic_snvs = 0;
  void add(const VariantFacts& facts);
};

struct VariantSummary {
  VcfHeader header;                       // its references with the contigs only records name
  std::vector<std::string> more_contigs;  // those
  VariantCounts counts;
  std::vector<uint64_t> records_by_contig;  // as the header's references
  bool sorted = false;  // each contig's records together and in order of position
  uint64_t blocks = 0, plain_bytes = 0;
  Bytes index;             // empty when not sorted, or without blocks
  std::string index_kind;  // "tbi", "csi" or ""
  Bytes map;               // what take_map_pages() has not given of it; empty without blocks
};

// Not thread-safe. After an error only destruction is allowed.
class VariantWalk {
 public:
  // `blocked`: the file is in BGZF blocks; without them there is neither index nor map.
  VariantWalk(RecordForm::Kind kind, bool blocked, const Limits& limits);
  // Inflated batches in file order. Errors: invalid_argument naming the record by number;
  // too_large.
  Status feed(const BgzfBatch& batch);
  Status feed(ByteView plain);  // of a file without blocks
  // Where the first block ends that holds the header's last byte; nullopt while it is not there.
  std::optional<uint64_t> header_blocks_end() const { return header_blocks_end_; }
  uint64_t records() const { return counts_.records; }
  // What is ready of the block map as it is stored; may be empty.
  Bytes take_map_pages() { return track_.take_map_pages(); }
  // Errors: invalid_argument: the file ends inside its header or a record.
  Result<VariantSummary> finish();

 private:
  Status take_header(ByteView& rest, uint64_t plain_end);
  Status walk(ByteView rest, uint64_t first);
  Result<size_t> whole_record(ByteView at) const;  // its bytes; 0: more are needed
  Result<bool> complete_carried(ByteView& rest);
  Status take_record(ByteView record);
  Result<VariantFacts> check(ByteView record);
  Error at_record(Error error) const;

  const RecordForm::Kind kind_;
  const bool blocked_;
  const Limits limits_;
  VcfHeaderParser header_parser_;
  bool header_done_ = false;
  VcfHeader header_;
  Bytes header_plain_;
  uint64_t header_plain_end_ = 0, header_lines_ = 0;
  std::optional<uint64_t> header_blocks_end_;

  uint64_t plain_base_ = 0;  // plain bytes of earlier batches
  Bytes carry_;              // a record that goes on in the next batch
  uint64_t record_at_ = 0;   // plain offset of the record being read
  VariantCounts counts_;
  ContigNames contigs_;
  RecordTrack track_;
};

}  // namespace medarc::genomics

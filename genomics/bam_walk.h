// One walk over the plain bytes of a BAM file: checks every record, counts, and makes the index and
// the block map on the way. Iterative; memory follows the index and the longest record.
#pragma once

#include <memory>
#include <optional>

#include "genomics/bam_header.h"
#include "genomics/bam_index.h"
#include "genomics/bam_numbers.h"
#include "genomics/bgzf.h"
#include "genomics/block_track.h"
#include "genomics/limits.h"

namespace medarc::genomics {

struct BamSummary {
  BamHeader header;
  bool sorted = false;  // by reference and position, by the records themselves
  Flagstat flagstat;
  std::string numbers;                  // BamNumbers::members
  std::string quality;                  // BamNumbers::quality
  Bytes depth;                          // BamNumbers::take_depth
  std::vector<std::string> identities;  // BamNumbers::identities
  uint64_t unplaced = 0;                // records without a reference
  uint64_t blocks = 0, plain_bytes = 0;
  Bytes index;             // empty when not sorted, or without reference sequences
  std::string index_kind;  // "bai", "csi" or ""
  Bytes map;               // what take_map_pages() has not given of it
};

// Not thread-safe. After an error only destruction is allowed.
class BamWalk {
 public:
  explicit BamWalk(const Limits& limits);
  // Inflated batches in file order. Errors: invalid_argument naming the record by number;
  // too_large.
  Status feed(const BgzfBatch& batch);
  // Where the first block ends that holds the header's last byte; nullopt while it is not there.
  std::optional<uint64_t> header_blocks_end() const { return header_blocks_end_; }
  // What is ready of the block map as it is stored; may be empty.
  Bytes take_map_pages() { return map_.take_pages(); }
  // Errors: invalid_argument: the file ends inside its header or a record.
  Result<BamSummary> finish();

 private:
  Status feed_header(ByteView& rest, const BgzfBatch& batch);
  Status walk(ByteView plain);
  Result<bool> complete_carried(ByteView& rest);
  Result<uint32_t> record_bytes(ByteView at) const;  // of what follows block_size
  Status take_record(ByteView record);
  void check_order(const RecordFacts& facts);
  void index_pending(VirtualOffset end);
  Error at_record(Error error) const;

  const Limits limits_;
  BamHeaderParser header_parser_;
  BamHeader header_;
  Bytes header_plain_;
  std::optional<uint64_t> header_blocks_end_;
  uint64_t header_plain_end_ = 0;

  uint64_t plain_base_ = 0;  // plain bytes of earlier batches
  BlockTrack blocks_;
  Bytes carry_;             // a record that goes on in the next batch
  uint64_t record_at_ = 0;  // plain offset of the record being read
  uint64_t records_ = 0, unplaced_ = 0;

  bool sorted_ = true;
  uint32_t last_place_ = 0;
  int32_t last_begin_ = INT32_MIN;
  std::optional<BamNumbers> numbers_;  // from the header on
  std::optional<BamIndexBuilder> index_;
  struct Pending {
    RecordFacts facts;
    VirtualOffset at;
  };
  std::optional<Pending> pending_;  // waits for where it ends
  BlockMapBuilder map_;
};

}  // namespace medarc::genomics

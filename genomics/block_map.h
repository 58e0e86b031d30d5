// The block map: where the records of every BGZF block lie on the reference, made at ingest, so
// that a region is planned without touching the file. Format: BLOCK_MAP.md.
//
// An extent is the run of records of one reference that start in one block; a block where two
// references meet has two extents, a block in which no record starts has one with no records.
// Records belong to the block they start in and may end in a later one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/blob_store.h"
#include "base/bytes.h"
#include "base/result.h"
#include "genomics/bam_record.h"
#include "genomics/region.h"

namespace medarc::genomics {

struct Extent {
  uint64_t block_offset = 0;  // compressed, in the file
  int32_t tid = kUnplaced;
  int32_t min_begin = 0, max_begin = 0, min_end = 0, max_end = 0;
  uint16_t block_bytes_less_1 = 0;
  uint16_t first_offset = 0;  // plain, in the block, of the extent's first record
  uint32_t plain_bytes = 0;   // of the block
  uint16_t records = 0;
  uint16_t flags = 0;  // kHasUnmapped
  uint32_t block_bytes() const { return block_bytes_less_1 + 1u; }
};
static_assert(sizeof(Extent) == 40);
inline constexpr uint16_t kHasUnmapped = 1;

// A place in the plain stream: extent (by number) and byte inside its block.
struct Place {
  uint32_t extent = 0;
  uint32_t offset = 0;
  bool operator==(const Place&) const = default;
};

// An extent that a query touches.
struct Touched {
  uint32_t extent = 0;
  bool whole = true;  // every record of it overlaps
};

// Immutable once made; thread-safe.
class BlockMap {
 public:
  BlockMap() = default;
  BlockMap(bool sorted, Bytes header_blocks, std::vector<Extent> extents,
           std::vector<std::string> more_contigs = {});

  Bytes encode() const;
  static Result<BlockMap> decode(ByteView stored);  // corrupt

  // Whether each reference's records lie together, in order of position: only then query().
  bool sorted() const { return sorted_; }
  // The file's header alone, as BGZF blocks without an end marker.
  const Bytes& header_blocks() const { return header_blocks_; }
  // References that records name and the header does not (VCF): their ids follow the header's.
  const std::vector<std::string>& more_contigs() const { return more_contigs_; }
  const std::vector<Extent>& extents() const { return extents_; }
  size_t memory_bytes() const;

  // The extents that hold at least one overlapping record as far as the map can tell, in file
  // order. `regions` are merged (merge_regions).
  std::vector<Touched> query(const std::vector<Region>& regions) const;
  std::vector<Touched> everything() const;

  // Where extent's records begin, and where those of the next one do (the end of the file's data
  // after the last).
  Place begin_of(uint32_t extent) const { return {extent, extents_[extent].first_offset}; }
  Place end_of(uint32_t extent) const;

 private:
  void build();
  std::pair<uint32_t, uint32_t> span_of(int32_t tid) const;  // extents of a reference

  static constexpr uint32_t kGroup = 64;
  bool sorted_ = false;
  Bytes header_blocks_;
  std::vector<std::string> more_contigs_;
  std::vector<Extent> extents_;
  struct Span {
    int32_t tid;
    uint32_t begin, end;
  };
  std::vector<Span> spans_;         // one a reference, by id as an unsigned number
  std::vector<int32_t> reach_;      // per extent: the largest max_end of its reference so far
  std::vector<int32_t> group_end_;  // per kGroup extents: the largest max_end
};

// BlockMap::sorted() of a stored map, from its first bytes. Errors: corrupt, and those of the
// store.
Result<bool> stored_map_sorted(archive::BlobStore& blobs, const Digest& block_map);

// Collects extents while a file streams in.
class BlockMapBuilder {
 public:
  // Blocks and records in file order; a record belongs to the block begun last.
  void begin_block(uint64_t offset, uint32_t block_bytes, uint32_t plain_bytes);
  void add(const RecordFacts& record, uint32_t offset_in_block);
  std::vector<Extent> take();

 private:
  void end_block();
  Extent block_, run_;
  bool in_block_ = false, any_run_ = false;
  std::vector<Extent> extents_;
};

}  // namespace medarc::genomics

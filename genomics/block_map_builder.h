// Writing block maps while their files come in. Format: BLOCK_MAP.md.
#pragma once

#include <string>
#include <vector>

#include "archive/blob_store.h"
#include "genomics/bam_record.h"
#include "genomics/block_map.h"

namespace medarc::genomics {

inline constexpr ByteView kMapMagic = "MEDBMAP2";
inline constexpr uint32_t kMapSorted = 1;  // the foot's flag
inline constexpr uint64_t kMapFootBytes = 24;
constexpr uint32_t map_pages(uint32_t extents) {
  return extents / kPageExtents + (extents % kPageExtents != 0);
}

// Memory: a page, and what the tail says of references and pages. Not thread-safe.
class BlockMapBuilder {
 public:
  BlockMapBuilder();
  // Blocks and records in file order; a record belongs to the block begun last.
  void begin_block(uint64_t offset, uint32_t block_bytes, uint32_t plain_bytes);
  void add(const RecordFacts& record, uint32_t offset_in_block);
  // The extent that ends here, as it is stored. For maps that exist already.
  void add_extent(const Extent& x);

  // What of the stored map is ready: whole pages, each once; mostly nothing.
  Bytes take_pages();
  // All that was not taken yet, to the map's end. Once.
  Bytes finish(bool sorted, ByteView header_blocks,
               const std::vector<std::string>& more_contigs = {});

 private:
  void end_block();
  void know(const Extent& x);

  Extent block_, run_;
  bool in_block_ = false, any_run_ = false;
  uint32_t extents_ = 0;
  Encoder out_;  // not taken yet
  size_t ready_bytes_ = 0;
  std::vector<ExtentSpan> spans_;  // in file order
  std::vector<PageReach> reach_;
  int32_t so_far_ = INT32_MIN;
};

// Stages a map while it is made. Not thread-safe.
class BlockMapStager {
 public:
  explicit BlockMapStager(archive::BlobStore& blobs) : blobs_(blobs) {}
  Status add(ByteView pages);  // what take_pages() gave
  Result<archive::StagedBlob> finish(ByteView rest);

 private:
  Status write(ByteView bytes);
  archive::BlobStore& blobs_;
  std::unique_ptr<archive::BlobWriter> writer_;
};

}  // namespace medarc::genomics

// Writing block maps while their files come in. Format: BLOCK_MAP.md.
#pragma once

#include <string>
#include <vector>

#include "archive/blob_store.h"
#include "genomics/bam_record.h"
#include "genomics/block_map.h"

namespace medarc::genomics {

// Memory: a page, and what the tail says of references and pages. Not thread-safe.
class BlockMapBuilder {
 public:
  BlockMapBuilder();
  // Blocks and records in file order; a record belongs to the block begun last.
  void begin_block(uint64_t offset, uint32_t block_bytes, uint32_t plain_bytes);
  void add(const RecordFacts& record, uint32_t offset_in_block);
  // An extent that is known already.
  void add_extent(const Extent& x);

  // What of the stored map is ready: whole pages, each once; mostly nothing.
  Bytes take_pages();
  // All that was not taken yet, to the map's end. Once.
  Bytes finish(bool sorted, ByteView header_blocks,
               const std::vector<std::string>& more_contigs = {});

 private:
  void end_block();
  Extent block_, run_;
  bool in_block_ = false, any_run_ = false;
  MapOutline outline_;
  Encoder out_;  // not taken yet
  size_t ready_bytes_ = 0;
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

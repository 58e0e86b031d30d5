// Stages BGZF files so that equal runs of blocks share storage: chunks end at block borders chosen by
// the blocks' own content. A new header in front, or other blocks before, move no later cut. Chunks
// are small at the start, where a header that shares a block with records changes more than itself,
// and grow to about a MiB.
#pragma once

#include <memory>

#include "archive/blob_store.h"
#include "genomics/bgzf.h"

namespace medarc::genomics {

class BgzfStager {
 public:
  static constexpr uint64_t kFirstChunkBytes = 64u << 10; // on average, behind the header
  static constexpr uint64_t kChunkBytes = 1u << 20;      // on average, from 8 MiB on
  static constexpr uint64_t kChunkBytesMax = 7u << 20;   // then at any block border

  explicit BgzfStager(std::unique_ptr<archive::BlobWriter> writer) : writer_(std::move(writer)) {}
  // `cut_at`: also cut at this compressed offset (the end of a header), a block border.
  Status stage(const BgzfBatch& batch, uint64_t cut_at = UINT64_MAX);
  Result<archive::StagedBlob> finish() { return writer_->finish(); }

 private:
  bool ends_chunk(const BgzfBlock& block) const;
  std::unique_ptr<archive::BlobWriter> writer_;
  uint64_t chunk_bytes_ = 0;
  uint64_t since_header_ = 0;
};

}  // namespace medarc::genomics

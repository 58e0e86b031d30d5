// The plain bytes of a slice's fragments, from the stored blocks.
#pragma once

#include <vector>

#include "archive/blob_store.h"
#include "genomics/bgzf.h"
#include "genomics/slice_plan.h"

namespace medarc::genomics {

// corrupt: "a stored file and its block map do not agree".
Error map_contradicted();

// Inflates the blocks of one fragment after the other. Not thread-safe.
class PlainReader {
 public:
  PlainReader(Extents extents, archive::BlobReader& file) : x_(std::move(extents)), file_(file) {}

  // Exactly the fragment's plain bytes, until the next call. Errors: corrupt, and those of the
  // store.
  Result<ByteView> read(const Fragment& fragment);

  // Of the fragment read last: its blocks, with the plain offset at which each begins, counted from
  // the fragment's first byte (the first block may begin before it).
  struct Block {
    uint64_t offset;
    uint32_t block_bytes, plain_bytes;
    int64_t plain_begin;
  };
  const std::vector<Block>& blocks() const { return blocks_; }

 private:
  Extents x_;
  archive::BlobReader& file_;
  const BgzfInflater inflater_;
  Bytes packed_, plain_;
  std::vector<Block> blocks_;
};

}  // namespace medarc::genomics

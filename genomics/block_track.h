// Where plain bytes lie in the blocks of a BGZF file, while a walk goes through them: tells the
// block map of every block passed.
#pragma once

#include <deque>
#include <optional>

#include "genomics/bam_index.h"
#include "genomics/bgzf.h"
#include "genomics/block_map_builder.h"

namespace medarc::genomics {

// Plain offsets are of the whole file's plain bytes and never go back. Not thread-safe.
class BlockTrack {
 public:
  // The blocks of the next batch, whose plain bytes begin at `plain_base`.
  void add(const BgzfBatch& batch, uint64_t plain_base);
  // Where the block ends that holds the header's last byte; blocks of the header alone are left
  // behind.
  std::optional<uint64_t> pass_header(uint64_t header_plain_end);
  // Into the block that holds this byte.
  void enter(uint64_t plain_at, BlockMapBuilder& map);
  // Of a byte of the block entered last.
  VirtualOffset virtual_offset(uint64_t plain_at) const {
    return block_.offset << 16 | (plain_at - block_.plain_begin);
  }
  uint32_t offset_in_block(uint64_t plain_at) const {
    return static_cast<uint32_t>(plain_at - block_.plain_begin);
  }
  VirtualOffset end_of_block() const { return (block_.offset + block_.block_bytes) << 16; }
  uint64_t blocks() const { return blocks_; }

 private:
  struct Block {
    uint64_t offset, plain_begin;
    uint32_t block_bytes, plain_bytes;
  };
  std::deque<Block> waiting_;  // no byte of them was reached yet
  Block block_{};              // entered last
  uint64_t blocks_ = 0;
};

}  // namespace medarc::genomics

#include "genomics/block_track.h"

namespace medarc::genomics {

void BlockTrack::add(const BgzfBatch& batch, uint64_t plain_base) {
  for (const BgzfBlock& b : batch.blocks) {
    if (b.plain_bytes > 0) {
      waiting_.push_back({b.offset, plain_base + b.plain_begin, b.block_bytes, b.plain_bytes});
    }
  }
  blocks_ += batch.blocks.size();
}

std::optional<uint64_t> BlockTrack::pass_header(uint64_t header_plain_end) {
  std::optional<uint64_t> end;
  while (!waiting_.empty() && waiting_.front().plain_begin < header_plain_end) {
    const Block& b = waiting_.front();
    end = b.offset + b.block_bytes;
    if (b.plain_begin + b.plain_bytes > header_plain_end) break;  // records follow in it
    waiting_.pop_front();
  }
  return end;
}

void BlockTrack::enter(uint64_t plain_at, BlockMapBuilder& map) {
  while (!waiting_.empty() && waiting_.front().plain_begin <= plain_at) {
    block_ = waiting_.front();
    map.begin_block(block_.offset, block_.block_bytes, block_.plain_bytes);
    waiting_.pop_front();
  }
}

}  // namespace medarc::genomics

#include "genomics/bgzf_stager.h"

#include <algorithm>

namespace medarc::genomics {

// A block ends a chunk with a chance of its own size in the chunk size wanted, told by its CRC and
// plain size (both of the content), scrambled so that no bit of them rules.
bool BgzfStager::ends_chunk(const BgzfBlock& b) const {
  uint64_t h = (uint64_t{b.crc} << 32 | b.plain_bytes) * 0x9E3779B97F4A7C15ull;
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93ull;
  h ^= h >> 32;
  const uint64_t wanted = std::clamp(since_header_ / 8, kFirstChunkBytes, kChunkBytes);
  return (h & 0xFFFFFFFF) < (uint64_t{b.block_bytes} << 32) / wanted;
}

Status BgzfStager::stage(const BgzfBatch& batch, uint64_t cut_at) {
  const ByteView bytes = batch.bytes;
  size_t staged = 0;
  for (const BgzfBlock& b : batch.blocks) {
    chunk_bytes_ += b.block_bytes;
    since_header_ += b.block_bytes;
    const bool header_ends = b.offset + b.block_bytes == cut_at;
    if (!header_ends && !ends_chunk(b) && chunk_bytes_ < kChunkBytesMax) continue;
    const size_t end = b.begin + size_t{b.block_bytes};
    MEDARC_TRY(writer_->write(bytes.substr(staged, end - staged)));
    writer_->cut();
    staged = end;
    chunk_bytes_ = 0;
    if (header_ends) since_header_ = 0;
  }
  if (staged == bytes.size()) return {};
  return writer_->write(bytes.substr(staged));
}

}  // namespace medarc::genomics

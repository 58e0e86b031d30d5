// A chunk of BGZF blocks as what they were compressed from and how, and back: what
// archive/recoding.h calls its coded form. A chunk is whatever the archive cut: whole blocks where
// genomics/bgzf_stager.h cut it. Blocks that no compressor of ours makes again lie in it as they
// came.
//
// The coded form, in the encoding of base/codec.h, kept for good: two bytes, kColdFirstByte and
// kColdVersion; the runs of alike blocks, as a varint how many, and each as a byte (DeflaterId) and
//   kKeptAsIs:  varint bytes, which lie in the kept bytes
//   otherwise:  varint blocks, `bytes` what stands before their deflate data, its length field zero
// then for each block that is not kept zigzag its plain size less the one before (the first: less
// kBgzfPlainBytesMax); `bytes` the kept ones; a byte (ColumnLayout); a varint how many columns, and
// each as a byte (0 as it is, 1 zstd, 2 one byte that repeats), varint its size, and `bytes`.
// CRC-32, plain size and block length are made anew.
#pragma once

#include <optional>
#include <vector>

#include "archive/recoding.h"
#include "genomics/bgzf.h"
#include "genomics/cold/columns.h"
#include "genomics/cold/deflaters.h"

namespace medarc::genomics {

inline constexpr uint8_t kColdFirstByte = 2;  // names this coder (archive/FORMAT.md)
inline constexpr uint8_t kColdVersion = 1;
// Of one chunk, inflated; what is over it stays as it is, so undoing one takes a few times that.
inline constexpr uint64_t kColdPlainBytesMax = 64ull << 20;
inline constexpr int kZstdLevelDefault = 9, kZstdLevelMax = 19;

// Makes coded forms of the chunks of one file, and learns on the way which compressor its writer
// used. Not thread-safe.
class BlockRecoder {
 public:
  BlockRecoder(ColumnLayout layout, int zstd_level) : layout_(layout), zstd_level_(zstd_level) {}

  // Whether one of our compressors makes the first block again that is larger than the end marker;
  // nullopt: there is none in `blocks`, or it is damaged. `blocks` begin with a whole block.
  std::optional<bool> try_first(ByteView blocks);

  // nullopt: no block of it is made again (or it is no BGZF, or inflates to too much).
  std::optional<Bytes> encode(ByteView chunk);

 private:
  DeflaterId find(ByteView deflated, ByteView plain);
  bool makes(DeflaterId id, ByteView deflated, ByteView plain);

  const ColumnLayout layout_;
  const int zstd_level_;
  Deflaters deflaters_;
  BgzfInflater inflater_;
  Bytes scratch_;
  DeflaterId last_ = kKeptAsIs;
  std::vector<DeflaterId> worked_;  // those that made blocks of this file, the latest last
  int fruitless_ = 0;               // how often all were tried in vain
};

// Undoes them. Stateless but for compressors it keeps for its threads. corrupt: no such form.
class ColdDecoder final : public archive::ChunkCoder {
 public:
  Result<Bytes> decode(ByteView coded, uint32_t plain_length) override;
};

// Where the two bytes of the block's length lie in what precedes its deflate data; nullopt:
// nowhere.
std::optional<size_t> length_field_at(ByteView header);

}  // namespace medarc::genomics

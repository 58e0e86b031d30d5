// BGZF, the blocked gzip of BAM and of bgzip (SAM specification 4.1): every block is a whole gzip
// member of at most 64 KiB, so that one can be read without those before it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::genomics {

inline constexpr size_t kBgzfBlockBytesMax = 65536;  // compressed and plain alike
inline constexpr size_t kBgzfHeaderBytes = 18;       // as every known writer makes it
inline constexpr size_t kBgzfFooterBytes = 8;        // CRC-32 and plain size
inline constexpr size_t kBgzfPlainBytesMax = 65280;  // of blocks we write, as HTSlib and htsjdk

// The empty block that says "this is the end, nothing was cut off" (SAM specification 4.1.2).
inline constexpr ByteView kBgzfEof{
    "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\x06\x00\x42\x43\x02\x00\x1b\x00\x03\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00",
    28};

// What a block says of itself.
struct BgzfHead {
  uint32_t block_bytes = 0;   // the whole block
  uint32_t header_bytes = 0;  // before the deflate data
};
// Reads the head of the block at the start of `bytes`; nullopt: more bytes are needed.
// Errors: invalid_argument (no gzip, gzip without a BC field, or a length that cannot be).
Result<std::optional<BgzfHead>> read_bgzf_head(ByteView bytes);

struct BgzfFooter {
  uint32_t crc = 0, plain_bytes = 0;
};
// Of one whole block (at least kBgzfFooterBytes long).
BgzfFooter read_bgzf_footer(ByteView block);

// Inflates whole blocks. Not thread-safe; keep one a thread.
class BgzfInflater {
 public:
  BgzfInflater();
  ~BgzfInflater();
  BgzfInflater(BgzfInflater&&) noexcept;
  // `block` is one whole block, `out` has room for the plain size its footer names (at most
  // kBgzfBlockBytesMax). Errors: invalid_argument: sizes, deflate data or CRC-32 are wrong.
  Status inflate(ByteView block, char* out) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

inline constexpr int kBgzfFastLevel = 1;
inline constexpr int kBgzfCarefulLevel = 6;  // as bgzip, samtools and bcftools compress

// Makes blocks out of plain bytes. Not thread-safe; keep one a thread.
class BgzfDeflater {
 public:
  explicit BgzfDeflater(int level = kBgzfFastLevel);
  ~BgzfDeflater();
  BgzfDeflater(BgzfDeflater&&) noexcept;
  // Appends `plain` to `out` as whole blocks, without an end marker.
  void deflate(ByteView plain, Bytes& out) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A block inside a BgzfBatch.
struct BgzfBlock {
  uint64_t offset = 0;  // compressed, in the file
  uint32_t begin = 0;   // in BgzfBatch::bytes
  uint32_t block_bytes = 0;
  uint32_t plain_begin = 0;  // in BgzfBatch::plain
  uint32_t plain_bytes = 0;
  uint32_t crc = 0;
};

// Some whole blocks that follow each other.
struct BgzfBatch {
  Bytes bytes;
  Bytes plain;  // after inflate()
  std::vector<BgzfBlock> blocks;
  uint32_t plain_bytes = 0;
  Status inflate(const BgzfInflater& inflater);
};

// Cuts a stream into batches of whole blocks, however it arrives. Not thread-safe.
class BgzfSplitter {
 public:
  static constexpr size_t kBatchBytes = 512u << 10;     // a batch ends at about this size
  static constexpr size_t kBatchPlainBytes = 4u << 20;  // or when its blocks inflate to this

  explicit BgzfSplitter(uint64_t blocks_max) : blocks_max_(blocks_max) {}
  // Takes from the front of `bytes` until a batch is full, and answers whether it is: then take()
  // it and feed the rest; false means that all was taken. At the end of the stream feed nothing
  // until false, then take() what is left. Errors: invalid_argument (naming the block's offset),
  // too_large (blocks_max).
  Result<bool> feed(ByteView& bytes);
  BgzfBatch take();
  // At the end of the stream. Errors: invalid_argument: it ends inside a block, or without the
  // end marker as its last block.
  Status finish() const;
  uint64_t blocks_count() const { return blocks_count_; }

 private:
  Status close_blocks();  // closes the whole blocks at the end of batch_
  bool full() const { return open_ >= kBatchBytes || batch_.plain_bytes >= kBatchPlainBytes; }

  const uint64_t blocks_max_;
  BgzfBatch batch_;
  uint64_t offset_ = 0;  // in the file, of batch_.bytes[open_]
  uint32_t open_ = 0;    // where the block being received begins
  uint32_t wanted_ = 0;  // its size; 0: not known yet
  uint64_t blocks_count_ = 0;
  bool last_is_eof_ = false;
};

}  // namespace medarc::genomics

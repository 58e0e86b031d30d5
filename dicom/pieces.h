// A byte stream put together from literal bytes and ranges of a blob, with its length known before
// the first byte is read: original objects, converted ones, frames, bulk data.
//
// Sources are for one thread. Memory is bounded by what a caller asks for at a time.
#pragma once

#include <memory>
#include <vector>

#include "archive/blob_store.h"
#include "base/io.h"

namespace medarc::dicom {

struct Piece {
  Bytes literal;             // used when `range` is empty
  ByteRange range;           // of the blob
  uint8_t swap_bytes = 1;    // 2, 4, 8: words of that size are byte-swapped on the way
  uint64_t words_begin = 0;  // with swap_bytes: where in the blob a word begins
  uint64_t bytes() const { return range.length == 0 ? literal.size() : range.length; }
};

// Appends a range of the blob; nothing when it is empty.
void add_range(std::vector<Piece>& pieces, ByteRange range, uint8_t swap_bytes = 1,
               uint64_t words_begin = 0);

class PieceSource final : public ByteSource {
 public:
  PieceSource(std::shared_ptr<archive::BlobReader> blob, std::vector<Piece> pieces)
      : blob_(std::move(blob)), pieces_(std::move(pieces)) {}
  Result<size_t> read(char* out, size_t capacity) override;
  static uint64_t total(const std::vector<Piece>& pieces);

 private:
  Status read_swapped(const Piece& piece, uint64_t at, size_t count, char* out);

  std::shared_ptr<archive::BlobReader> blob_;
  std::vector<Piece> pieces_;
  size_t piece_ = 0;
  uint64_t at_ = 0;  // in the piece
};

// `bits` bits of `source` from bit `shift` (0-7, least significant first) of its first byte on:
// frames of 1-bit pixels that begin inside a byte (PS3.5 8.2). The rest of the last byte is zero.
class ShiftedSource final : public ByteSource {
 public:
  ShiftedSource(std::unique_ptr<ByteSource> source, unsigned shift, uint64_t bits)
      : source_(std::move(source)), shift_(shift), bits_(bits) {}
  Result<size_t> read(char* out, size_t capacity) override;

 private:
  Result<size_t> fill(char* out, size_t count);

  std::unique_ptr<ByteSource> source_;
  const unsigned shift_;
  const uint64_t bits_;
  uint64_t at_ = 0;  // bytes given
  bool begun_ = false;
  uint8_t next_ = 0;  // source byte that the next result byte begins in
};

}  // namespace medarc::dicom

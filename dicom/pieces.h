// A byte stream put together from literal bytes and ranges of a blob, with its length known before
// the first byte is read: original objects, converted ones, frames, bulk data.
#pragma once

#include <memory>
#include <vector>

#include "archive/blob_store.h"
#include "base/io.h"

namespace medarc::dicom {

struct Piece {
  Bytes literal;            // used when `range` is empty
  ByteRange range;          // of the blob
  uint8_t swap_bytes = 1;   // 2, 4, 8: words of that size are byte-swapped on the way
  uint8_t shift_bits = 0;   // the range starts this many bits into its first byte (1-bit frames)
  uint64_t bits = 0;        // with shift_bits: how many; the rest of the last byte is zero
  uint64_t bytes() const { return range.length == 0 ? literal.size() : bits > 0 ? (bits + 7) / 8 : range.length; }
};

class PieceSource final : public ByteSource {
 public:
  PieceSource(std::shared_ptr<archive::BlobReader> blob, std::vector<Piece> pieces)
      : blob_(std::move(blob)), pieces_(std::move(pieces)) {}
  Result<size_t> read(char* out, size_t capacity) override;
  static uint64_t total(const std::vector<Piece>& pieces);

 private:
  std::shared_ptr<archive::BlobReader> blob_;
  std::vector<Piece> pieces_;
  size_t piece_ = 0;
  uint64_t at_ = 0;  // in the piece
};

}  // namespace medarc::dicom

#include "dicom/pieces.h"

#include <algorithm>

namespace medarc::dicom {

void add_range(std::vector<Piece>& pieces, ByteRange range, uint8_t swap_bytes,
               uint64_t words_begin) {
  if (range.length == 0) return;
  Piece p;
  p.range = range;
  p.swap_bytes = swap_bytes;
  p.words_begin = words_begin;
  pieces.push_back(std::move(p));
}

uint64_t PieceSource::total(const std::vector<Piece>& pieces) {
  uint64_t out = 0;
  for (const Piece& p : pieces) out += p.bytes();
  return out;
}

Result<size_t> PieceSource::read(char* out, size_t capacity) {
  size_t done = 0;
  while (done < capacity && piece_ < pieces_.size()) {
    const Piece& p = pieces_[piece_];
    const uint64_t left = p.bytes() - at_;
    if (left == 0) {
      ++piece_;
      at_ = 0;
      continue;
    }
    const auto n = static_cast<size_t>(std::min<uint64_t>(left, capacity - done));
    if (p.range.length == 0) {
      p.literal.copy(out + done, n, at_);
    } else if (p.swap_bytes > 1) {
      MEDARC_TRY(read_swapped(p, p.range.begin + at_, n, out + done));
    } else {
      MEDARC_TRY(blob_->read({p.range.begin + at_, n}, out + done));
    }
    done += n;
    at_ += n;
  }
  return done;
}

// Whole words are read around the bytes wanted, so that any capacity will do.
Status PieceSource::read_swapped(const Piece& piece, uint64_t at, size_t count, char* out) {
  const uint64_t word = piece.swap_bytes, origin = piece.words_begin;
  const uint64_t begin = at - (at - origin) % word;
  const uint64_t wanted = at + count, over = (wanted - origin) % word;
  const uint64_t end = std::min(over == 0 ? wanted : wanted + word - over, blob_->size());
  Bytes words(end - begin, '\0');
  MEDARC_TRY(blob_->read({begin, words.size()}, words.data()));
  for (size_t i = 0; i < count; ++i) {
    const uint64_t here = at - begin + i, turned = here ^ (word - 1);
    out[i] = words[turned < words.size() ? turned : here];
  }
  return {};
}

Result<size_t> ShiftedSource::fill(char* out, size_t count) {
  size_t done = 0;
  while (done < count) {
    MEDARC_ASSIGN(const size_t n, source_->read(out + done, count - done));
    if (n == 0) break;
    done += n;
  }
  return done;
}

Result<size_t> ShiftedSource::read(char* out, size_t capacity) {
  const auto n = static_cast<size_t>(std::min<uint64_t>(capacity, (bits_ + 7) / 8 - at_));
  if (n == 0) return size_t{0};
  if (!begun_) {
    MEDARC_ASSIGN(const size_t got, fill(reinterpret_cast<char*>(&next_), 1));
    if (got == 0) return make_error(Code::corrupt, "the pixel data ends early");
    begun_ = true;
  }
  Bytes source(n, '\0');  // the bytes after next_; the very last may have none
  MEDARC_ASSIGN(const size_t got, fill(source.data(), n));
  const uint64_t source_bytes = (shift_ + bits_ + 7) / 8;
  if (got < std::min<uint64_t>(n, source_bytes - 1 - at_)) {
    return make_error(Code::corrupt, "the pixel data ends early");
  }
  for (size_t i = 0; i < n; ++i) {
    const auto following = static_cast<uint8_t>(source[i]);
    unsigned v = static_cast<unsigned>(next_) >> shift_ | static_cast<unsigned>(following)
                                                              << (8 - shift_);
    const uint64_t bits_left = bits_ - (at_ + i) * 8;
    if (bits_left < 8) v &= (1u << bits_left) - 1;
    out[i] = static_cast<char>(v);
    next_ = following;
  }
  at_ += n;
  return n;
}

}  // namespace medarc::dicom

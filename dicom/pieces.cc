#include "dicom/pieces.h"

#include <algorithm>

namespace medarc::dicom {

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
    auto n = static_cast<size_t>(std::min<uint64_t>(left, capacity - done));
    if (p.range.length == 0) {
      p.literal.copy(out + done, n, at_);
    } else if (p.bits > 0) {
      // One more source byte than result bytes where the last bits need it.
      const uint64_t last = std::min(p.range.length, at_ + n + 1);
      Bytes source(last - at_, '\0');
      MEDARC_TRY(blob_->read({p.range.begin + at_, source.size()}, source.data()));
      for (size_t i = 0; i < n; ++i) {
        unsigned v = static_cast<uint8_t>(source[i]) >> p.shift_bits;
        if (i + 1 < source.size()) v |= static_cast<unsigned>(static_cast<uint8_t>(source[i + 1])) << (8 - p.shift_bits);
        const uint64_t bits_left = p.bits - (at_ + i) * 8;
        if (bits_left < 8) v &= (1u << bits_left) - 1;
        out[done + i] = static_cast<char>(v);
      }
    } else {
      const size_t word = p.swap_bytes;
      if (word > 1) {
        // Whole words, so that each can be turned round.
        if (n >= word) n -= n % word;
        if (n < word && left >= word) {
          if (done > 0) break;
          return make_error(Code::internal, "a buffer smaller than one word");
        }
      }
      MEDARC_TRY(blob_->read({p.range.begin + at_, n}, out + done));
      for (size_t i = 0; word > 1 && i + word <= n; i += word) std::reverse(out + done + i, out + done + i + word);
    }
    done += n;
    at_ += n;
  }
  return done;
}

}  // namespace medarc::dicom

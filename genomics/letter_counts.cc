#include "genomics/letter_counts.h"

namespace medarc::genomics {

LetterCounts letter_counts(ByteView letters) {
  constexpr size_t kPiece = 240;  // counts of it fit a byte, so that many are counted at once
  LetterCounts out;
  while (!letters.empty()) {
    const ByteView piece = letters.substr(0, kPiece);
    letters.remove_prefix(piece.size());
    uint8_t at = 0, gc = 0, n = 0;
    for (const char c : piece) {
      const auto letter = static_cast<uint8_t>(c & ~0x20);
      at = static_cast<uint8_t>(at + ((letter == 'A') | (letter == 'T') | (letter == 'U')));
      gc = static_cast<uint8_t>(gc + ((letter == 'G') | (letter == 'C')));
      n = static_cast<uint8_t>(n + (letter == 'N'));
    }
    out.at += at;
    out.gc += gc;
    out.n += n;
  }
  return out;
}

}  // namespace medarc::genomics

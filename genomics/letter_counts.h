// How many letters of a sequence are bases of each kind, in both cases.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace medarc::genomics {

struct LetterCounts {
  uint64_t at = 0;  // A, T and U
  uint64_t gc = 0;
  uint64_t n = 0;
};
LetterCounts letter_counts(ByteView letters);

}  // namespace medarc::genomics

// Whether text is BED, which has no magic: told by its first record, and by what may stand before.
#pragma once

#include "base/bytes.h"

namespace medarc::genomics {

enum class BedLook : uint8_t {
  bed,    // a name and two positions in order
  other,  // anything else
  sam,    // alignments without a header, whose first columns can look the same
  more,   // the first record is not there yet
};
// `complete`: nothing follows `plain`, or no more will be looked at.
BedLook look_for_bed(ByteView plain, bool complete);

}  // namespace medarc::genomics

// An edit list of a Crypt4GH file (GA4GH Crypt4GH 1.0, "Edit List"): which of its plain bytes
// count. A list that reaches past the end keeps what there is, as the standard's algorithm does.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace medarc::genomics::crypt4gh {

// Half-open ranges of plain bytes that are kept, ascending, none empty; the end of the last may be
// UINT64_MAX: all that follows.
std::vector<ByteRange> kept_ranges(const std::optional<std::vector<uint64_t>>& edits);

}  // namespace medarc::genomics::crypt4gh

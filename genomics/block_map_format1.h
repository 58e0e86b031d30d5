// Block maps as they were stored first. Format: BLOCK_MAP.md.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::genomics {

inline constexpr ByteView kMapMagic1 = "MEDBMAP1";

// A map of format 1 as one of format 2. Errors: corrupt.
Result<Bytes> map_of_format1(ByteView stored);

}  // namespace medarc::genomics

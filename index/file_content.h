// Finding genome files by their bytes.
#pragma once

#include "index/attributes.h"

namespace medarc::index {

// file: the SHA-256 of its bytes, 64 lower-case digits. It has no keys: a query looks at the rows
// that its other terms leave, the newest first. Whether there are such bytes at all, the blob store
// says at once (BlobStore::open), so ask it before.
inline constexpr Tag kFieldContent{0xFFFE0030};

}  // namespace medarc::index

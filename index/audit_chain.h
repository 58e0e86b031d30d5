// The hash chain over audit entries (KEYS.md).
#pragma once

#include "base/bytes.h"

namespace medarc::index {

// Hash of an entry after the one with `hash_before` ("" for the first).
Digest chain_audit(ByteView hash_before, ByteView entry);

}  // namespace medarc::index

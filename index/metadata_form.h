// How an instance's metadata is stored: plain where it can be, so that RocksDB compresses
// neighbours of a series together (a tenth of what one frame an instance takes), and answered as a
// zstd frame (RFC 8878) in any case.
#pragma once

#include "base/bytes.h"

namespace medarc::index {

inline constexpr size_t kMetadataPlainBytesMax = 4u << 20;  // larger ones stay as they came

Bytes metadata_form(ByteView zstd);     // what the row holds
Bytes metadata_frame(ByteView stored);  // the frame again; "" for a row that is no such form

}  // namespace medarc::index

// Kept metadata on its way out: unpacked one instance at a time, the caller's URL put where the
// mark stands (json.h).
#pragma once

#include <memory>
#include <vector>

#include "base/io.h"

namespace medarc::dicom {

// As the index keeps it: one zstd frame with its content size.
Bytes pack_metadata(ByteView json);
// The JSON again, with the mark in it. corrupt.
Result<Bytes> unpack_metadata(ByteView packed);

// The JSON objects of `packed`, joined by ",". corrupt when one cannot be unpacked.
std::unique_ptr<ByteSource> metadata_source(std::vector<Bytes> packed, std::string base);

}  // namespace medarc::dicom

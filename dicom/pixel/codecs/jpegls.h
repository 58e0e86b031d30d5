// JPEG-LS (PS3.5 A.4.3), lossless and near-lossless, with CharLS. Never together with the toolkit's
// own JPEG-LS library in one process: both export the same symbols.
#pragma once

#include "dicom/pixel/codecs/codec.h"

namespace medarc::dicom::codec {

Result<FrameShape> decode_jpegls(const FrameShape& declared, ByteView codestream,
                                 std::span<char> out);
// Lossless, lines interleaved. 8 or 16 bits allocated.
Result<Encoded> encode_jpegls(const FrameShape& shape, ByteView pixels);

}  // namespace medarc::dicom::codec

// JPEG-LS (PS3.5 A.4.3), lossless and near-lossless, with CharLS. Never together with the toolkit's
// own JPEG-LS library in one process: both export the same symbols.
#pragma once

#include "dicom/pixel/codecs/codec.h"

namespace medarc::dicom::codec {

Result<FrameShape> decode_jpegls(const FrameShape& declared, ByteView codestream,
                                 std::span<char> out);
// Lossless, lines interleaved. 8 or 16 bits allocated.
Result<Encoded> encode_jpegls(const FrameShape& shape, ByteView pixels);
// Near-lossless: no sample is off by more than `error_max`, 1 to 255.
Result<Encoded> encode_jpegls_near(const FrameShape& shape, ByteView pixels, uint32_t error_max);

}  // namespace medarc::dicom::codec

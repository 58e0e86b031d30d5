// RLE Lossless (PS3.5 annex G): byte planes, the most significant first, each in PackBits. Our own.
#pragma once

#include "dicom/pixel/codecs/codec.h"

namespace medarc::dicom::codec {

// Bits Allocated 8, 16, 32 or 64, at most 15 byte planes; decoding also 1, eight pixels a byte.
// Every segment must fill its plane; what follows the last pixel of a segment is padding.
Result<FrameShape> decode_rle(const FrameShape& declared, ByteView codestream, std::span<char> out);
Result<Encoded> encode_rle(const FrameShape& shape, ByteView pixels);

}  // namespace medarc::dicom::codec

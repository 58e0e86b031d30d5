// JPEG 2000 (PS3.5 A.4.4) with OpenJPEG; bare codestreams, no JP2 boxes.
#pragma once

#include "dicom/pixel/codecs/codec.h"

namespace medarc::dicom::codec {

// Colour transforms of the codestream are undone: YBR_RCT and YBR_ICT come out as RGB.
Result<FrameShape> decode_j2k(const FrameShape& declared, ByteView codestream, std::span<char> out);
// Reversible; RGB becomes YBR_RCT. 1, 8 or 16 bits allocated.
Result<Encoded> encode_j2k(const FrameShape& shape, ByteView pixels);

}  // namespace medarc::dicom::codec

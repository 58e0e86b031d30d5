// Deflated Image Frame Compression (PS3.5 A.4.13): each frame a raw RFC 1951 stream of its native
// bytes.
#pragma once

#include "dicom/pixel/codecs/codec.h"

namespace medarc::dicom::codec {

// Inflates no further than the declared frame.
Result<FrameShape> decode_deflated(const FrameShape& declared, ByteView codestream,
                                   std::span<char> out);
// The frame as it is, colours by pixel. Any bits, any samples.
Result<Encoded> encode_deflated(const FrameShape& shape, ByteView pixels);

}  // namespace medarc::dicom::codec

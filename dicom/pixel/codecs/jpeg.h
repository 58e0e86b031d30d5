// JPEG (PS3.5 A.4.1): baseline, extended, progressive and lossless, 8 to 16 bits, with the
// toolkit's three builds of the IJG library.
#pragma once

#include "dicom/pixel/codecs/codec.h"

namespace medarc::dicom::codec {

// Lossy YCbCr comes out as RGB; lossless samples come out as they are.
Result<FrameShape> decode_jpeg(const FrameShape& declared, ByteView codestream,
                               std::span<char> out);
// Process 14, selection value 1 (transfer syntax .70). 8 or 16 bits allocated, 1 or 3 samples.
Result<Encoded> encode_jpeg_lossless(const FrameShape& shape, ByteView pixels);
// Process 1 (transfer syntax .50): 8 bits, unsigned. RGB and YBR_FULL become YBR_FULL_422.
Result<Encoded> encode_jpeg_baseline(const FrameShape& shape, ByteView pixels, uint32_t quality);

}  // namespace medarc::dicom::codec

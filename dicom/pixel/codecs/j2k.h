// JPEG 2000 (PS3.5 A.4.4) with OpenJPEG; bare codestreams, no JP2 boxes.
#pragma once

#include "dicom/pixel/codecs/codec.h"

namespace medarc::dicom::codec {

// Colour transforms of the codestream are undone: YBR_RCT and YBR_ICT come out as RGB.
Result<FrameShape> decode_j2k(const FrameShape& declared, ByteView codestream, std::span<char> out);
// Reversible; RGB becomes YBR_RCT. 1, 8 or 16 bits allocated.
Result<Encoded> encode_j2k(const FrameShape& shape, ByteView pixels);
// Irreversible, as small as a peak signal to noise ratio of `psnr_db` lets it be; RGB becomes
// YBR_ICT. 8 or 16 bits allocated.
Result<Encoded> encode_j2k_lossy(const FrameShape& shape, ByteView pixels, uint32_t psnr_db);

}  // namespace medarc::dicom::codec

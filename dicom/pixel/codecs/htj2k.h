// High-Throughput JPEG 2000 (PS3.5 A.4.10, 10.18) with OpenJPH.
#pragma once

#include "dicom/pixel/codecs/codec.h"

namespace medarc::dicom::codec {

// Colour transforms are undone, as in decode_j2k.
Result<FrameShape> decode_htj2k(const FrameShape& declared, ByteView codestream,
                                std::span<char> out);
// Reversible (.201); RGB becomes YBR_RCT. 8 or 16 bits allocated.
Result<Encoded> encode_htj2k(const FrameShape& shape, ByteView pixels);
// The same for .202: progression RPCL, the lowest resolution at most 64 wide or high, tile lengths
// in the main header (TLM).
Result<Encoded> encode_htj2k_rpcl(const FrameShape& shape, ByteView pixels);
// Irreversible (.203), quantised in steps of `step_ppm` millionths of the samples' range; RGB
// becomes YBR_ICT.
Result<Encoded> encode_htj2k_lossy(const FrameShape& shape, ByteView pixels, uint32_t step_ppm);

}  // namespace medarc::dicom::codec

// What a JPEG 2000 or HTJ2K codestream says of itself (ITU-T T.800 annex A, the SIZ segment), read
// before a decoder sees it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "dicom/pixel/frame.h"

namespace medarc::dicom::codec {

struct J2kHeader {
  ByteView codestream;  // from SOC on: JP2 boxes around it, which some writers leave, are gone
  uint32_t rows = 0, columns = 0;
  uint16_t components = 0;
  uint8_t precision = 0;  // of every component
};

// corrupt: not JPEG 2000, cut short, or not of this shape. unsupported: components of different
// sizes or bits, which DICOM images do not have, or more than 16 bits.
Result<J2kHeader> read_j2k_header(ByteView bytes, const FrameShape& declared);

}  // namespace medarc::dicom::codec

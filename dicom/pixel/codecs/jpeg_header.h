// What a JPEG codestream says of itself (ITU-T T.81 annex B), read before a decoder sees it.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::dicom::codec {

struct JpegHeader {
  uint8_t process = 0;  // of the SOF marker: 0 baseline, 1 extended, 2 progressive, 3 lossless, …
  uint8_t precision = 0;  // bits
  uint16_t rows = 0, columns = 0;
  uint8_t components = 0;
  bool names_rgb = false;                  // component identifiers "R", "G", "B"
  bool jfif = false;                       // APP0: grey or YCbCr by definition
  std::optional<uint8_t> adobe_transform;  // APP14: 0 none, 1 YCbCr
};

// corrupt: not JPEG, cut short, or without a frame header.
Result<JpegHeader> read_jpeg_header(ByteView codestream);

}  // namespace medarc::dicom::codec

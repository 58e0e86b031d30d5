// What the start of a bare codestream says of its image: enough for the Image Pixel attributes that
// a sender left out, and for the transfer syntax it did not name (PS3.18 10.5.2, dicom.md S8).
// Reads headers only (ITU-T T.81 annex B, T.87 annex C, T.800 annexes A and I), bounded, decodes
// nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::dicom {

struct Codestream {
  uint64_t begin = 0;            // behind the boxes of a JP2 file (N7)
  uint64_t length = UINT64_MAX;  // of the codestream, where boxes say so
  uint32_t rows = 0, columns = 0;
  uint16_t samples_per_pixel = 0;
  uint16_t precision = 0;  // bits
  bool is_signed = false;
  std::string_view photometric;      // as the codestream is coded
  std::string_view transfer_syntax;  // the one that fits what it says
};

// Media types of which codestreams tell this: image/jpeg, jls, jp2, jpx and jphc.
bool tells_image(std::string_view media_type);

// From the first bytes of a codestream of this type; some 64 KiB, more when large application
// segments come first. invalid_argument: it is none. unsupported: one that DICOM has no transfer
// syntax for.
Result<Codestream> read_codestream(std::string_view media_type, ByteView start);

// Whether a codestream that fits `found` may be named `declared`: the less special name of the same
// kind does (Extended for Baseline, JPEG 2000 for JPEG 2000 Lossless Only).
bool may_be_called(std::string_view found, std::string_view declared);

}  // namespace medarc::dicom

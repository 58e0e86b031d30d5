// One frame of Pixel Data as plain samples, and what a codec or a renderer has to know of it
// (PS3.3 C.7.6.3). The seam between codecs, transcoding and rendering.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace medarc::dicom {

// As the dataset declares it; nothing here is believed before it was checked against the bytes.
struct FrameShape {
  uint32_t rows = 0, columns = 0;
  uint16_t samples_per_pixel = 1;
  uint16_t bits_allocated = 0;  // 1, 8, 16, 32 (64: Double Float Pixel Data)
  uint16_t bits_stored = 0, high_bit = 0;
  bool is_signed = false;   // Pixel Representation 1
  bool planar = false;      // Planar Configuration 1: R…R G…G B…B
  std::string photometric;  // Photometric Interpretation, "MONOCHROME2", "RGB", "YBR_FULL", …

  // Of one native frame; bits_allocated 1: eight pixels an octet, the last one filled up.
  uint64_t frame_bytes() const {
    const uint64_t samples = uint64_t{rows} * columns * samples_per_pixel;
    return bits_allocated == 1 ? (samples + 7) / 8 : samples * (bits_allocated / 8);
  }
};

// Samples in little endian. `shape` is of these bytes: a decoder may have changed the photometric
// interpretation (YBR_ICT to RGB) or the planar configuration.
struct Frame {
  FrameShape shape;
  Bytes pixels;
};

}  // namespace medarc::dicom

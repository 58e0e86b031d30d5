// A rendered image: what encoders take.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace medarc::dicom {

struct Image {
  uint32_t width = 0, height = 0;
  uint32_t channels = 1;  // 1: grey, 0 is black; 3: RGB, interleaved
  Bytes pixels;           // width * height * channels, rows from the top

  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(pixels.data()); }
  uint8_t* data() { return reinterpret_cast<uint8_t*>(pixels.data()); }
};

// What overlays, shutters and annotations are drawn with: on grey images and on colours.
struct Ink {
  uint8_t grey = 255;
  std::array<uint8_t, 3> rgb = {255, 255, 255};
};

inline void put_ink(const Ink& ink, uint32_t channels, uint8_t* pixel) {
  if (channels == 1) {
    pixel[0] = ink.grey;
  } else {
    for (size_t c = 0; c < 3; ++c) pixel[c] = ink.rgb[c];
  }
}

}  // namespace medarc::dicom

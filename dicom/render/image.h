// A rendered image: what encoders take.
#pragma once

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

}  // namespace medarc::dicom

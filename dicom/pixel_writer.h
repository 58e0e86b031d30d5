// Frames as the value of Pixel Data (PS3.5 8.2, A.4), one behind the other: in items when they are
// encoded, else native. For one thread at a time.
#pragma once

#include <memory>

#include "dicom/transcode.h"

namespace medarc::dicom {

class PixelWriter {
 public:
  // `frames` outlives it.
  static std::unique_ptr<PixelWriter> create(FrameTranscoder& frames);
  virtual ~PixelWriter() = default;
  // Frame `index`; each once, in rising order. Errors as FrameTranscoder::make.
  virtual Result<Bytes> frame(uint32_t index) = 0;
  // What ends the value, after the last frame.
  virtual Bytes end() = 0;
};

// Of the whole value when `frames` does not encode, its pad byte included.
uint64_t native_pixel_bytes(const FrameTranscoder& frames);

// All frames of an instance as the value that its Pixel Data has in Explicit VR Little Endian.
// Frames are decoded as they are read. not_acceptable: there is no codec for them; otherwise what
// decoding the first one says.
Result<Content> native_pixels(std::unique_ptr<FrameReader> reader);

}  // namespace medarc::dicom

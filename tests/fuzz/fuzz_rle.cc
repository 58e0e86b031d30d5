// RLE frames: the first octets choose the shape, the rest is the codestream. Whatever decodes comes
// back from the encoder's own codestream too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dicom/pixel/codecs/rle.h"

using namespace medarc;
using namespace medarc::dicom;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  FrameShape shape;
  shape.rows = data[0] % 40 + 1;
  shape.columns = data[1] % 40 + 1;
  shape.samples_per_pixel = data[2] % 5 + 1;
  shape.bits_allocated = static_cast<uint16_t>((data[3] % 9) * 8);
  shape.planar = data[3] >= 128;
  Bytes out(shape.frame_bytes(), '\0');
  const ByteView codestream(reinterpret_cast<const char*>(data + 4), size - 4);
  if (codec::decode_rle(shape, codestream, out).has_error()) return 0;
  const auto again = codec::encode_rle(shape, out);
  Bytes back(out.size(), '\1');
  if (again.has_error() || codec::decode_rle(shape, again->codestream, back).has_error() ||
      back != out) {
    std::abort();
  }
  return 0;
}

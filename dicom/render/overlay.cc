#include "dicom/render/overlay.h"

#include "dicom/render/samples.h"

namespace medarc::dicom {
namespace {

// One plane of frame `index`, a byte a pixel: 1 where it is set. Empty: the frame has none of it.
Bytes overlay_bits(const OverlayPlane& o, const Frame& frame, uint32_t index) {
  const size_t count = size_t{o.rows} * o.columns;
  if (!o.bit) {
    if (o.frames != 0 && (index < o.first_frame || index - o.first_frame >= o.frames)) return {};
    const size_t begin = o.frames == 0 ? 0 : (index - o.first_frame) * count;
    Bytes out(count, '\0');
    for (size_t i = 0; i < count; ++i) {
      out[i] =
          static_cast<char>(static_cast<uint8_t>(o.bits[(begin + i) / 8]) >> (begin + i) % 8 & 1);
    }
    return out;
  }
  // In the pixels: of the image's own size, one cell a pixel, outside the bits stored.
  const FrameShape& s = frame.shape;
  const unsigned bit = *o.bit, low = s.high_bit + 1u - s.bits_stored;
  const bool used = bit >= low && bit <= s.high_bit;
  if (o.rows != s.rows || o.columns != s.columns || s.samples_per_pixel != 1 || used ||
      bit >= s.bits_allocated || (s.bits_allocated != 8 && s.bits_allocated != 16)) {
    return {};
  }
  Bytes out(count, '\0');
  const char* const cells = frame.pixels.data();
  for (size_t i = 0; i < count; ++i) {
    const unsigned v = s.bits_allocated == 16 ? cell<uint16_t>(cells, i) : cell<uint8_t>(cells, i);
    out[i] = static_cast<char>(v >> bit & 1);
  }
  return out;
}

// Whether all four neighbours of a set pixel are set as well.
bool inside(const Bytes& plane, const OverlayPlane& o, size_t row, size_t column) {
  const size_t at = row * o.columns + column;
  return row > 0 && column > 0 && row + 1 < o.rows && column + 1 < o.columns &&
         plane[at - 1] != 0 && plane[at + 1] != 0 && plane[at - o.columns] != 0 &&
         plane[at + o.columns] != 0;
}

}  // namespace

void draw_overlay(const OverlayPlane& o, const Frame& frame, uint32_t index, Image& image) {
  const Bytes plane = overlay_bits(o, frame, index);
  if (plane.empty()) return;
  for (size_t row = 0; row < o.rows; ++row) {
    const int64_t y = static_cast<int64_t>(row) + o.top;
    if (y < 0 || y >= image.height) continue;
    for (size_t column = 0; column < o.columns; ++column) {
      const int64_t x = static_cast<int64_t>(column) + o.left;
      if (plane[row * o.columns + column] == 0 || x < 0 || x >= image.width) continue;
      if (o.region && inside(plane, o, row, column)) continue;
      const size_t at =
          (static_cast<size_t>(y) * image.width + static_cast<size_t>(x)) * image.channels;
      put_ink(o.ink, image.channels, image.data() + at);
    }
  }
}

void draw_overlays(const ImageAttributes& attributes, const Frame& frame, uint32_t index,
                   Image& image) {
  for (const OverlayPlane& o : attributes.overlays) draw_overlay(o, frame, index, image);
}

}  // namespace medarc::dicom

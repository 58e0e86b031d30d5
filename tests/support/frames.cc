#include "tests/support/frames.h"

#include <random>

namespace medarc::test {

using dicom::Frame;
using dicom::FrameShape;

Frame make_frame(FrameShape shape, uint32_t seed) {
  Frame frame;
  frame.pixels.resize(shape.frame_bytes());
  std::mt19937 random(seed);
  const size_t pixels = size_t{shape.rows} * shape.columns;
  const uint64_t range =
      shape.bits_stored >= 64 ? UINT64_MAX : (uint64_t{1} << shape.bits_stored) - 1;
  for (size_t p = 0; p < pixels; ++p) {
    const size_t x = p % shape.columns, y = p / shape.columns;
    for (size_t c = 0; c < shape.samples_per_pixel; ++c) {
      uint64_t v = (x * 3 + y * 5 + c * 40) * (range / 256 + 1);
      if (x > shape.columns / 2) v = (x / 8 + y / 8 + c) % 2 == 0 ? 0 : range;
      if (y > shape.rows * 3 / 4) v = random() | uint64_t{random()} << 32;
      v &= range;
      if (shape.is_signed && (v >> (shape.bits_stored - 1)) != 0) v |= ~range;
      const size_t i = shape.planar ? c * pixels + p : p * shape.samples_per_pixel + c;
      if (shape.bits_allocated == 1) {
        frame.pixels[i / 8] = static_cast<char>(frame.pixels[i / 8] | (v & 1) << i % 8);
        continue;
      }
      const size_t width = shape.bits_allocated / 8;
      for (size_t b = 0; b < width; ++b) {
        frame.pixels[i * width + b] = static_cast<char>(v >> 8 * b);
      }
    }
  }
  frame.shape = std::move(shape);
  return frame;
}

std::vector<NamedShape> all_shapes() {
  std::vector<NamedShape> out;
  const auto add = [&](std::string name, uint16_t allocated, uint16_t stored, bool is_signed,
                       uint16_t samples, bool planar, std::string photometric, uint32_t rows,
                       uint32_t columns) {
    FrameShape s;
    s.rows = rows;
    s.columns = columns;
    s.samples_per_pixel = samples;
    s.bits_allocated = allocated;
    s.bits_stored = stored;
    s.high_bit = static_cast<uint16_t>(stored - 1);
    s.is_signed = is_signed;
    s.planar = planar;
    s.photometric = std::move(photometric);
    out.push_back({std::move(name), s});
  };
  for (const bool is_signed : {false, true}) {
    const std::string sign = is_signed ? "signed" : "unsigned";
    for (const uint16_t stored : {2, 7, 8}) {
      add(sign + std::to_string(stored) + "of8", 8, stored, is_signed, 1, false, "MONOCHROME2", 61,
          83);
    }
    for (const uint16_t stored : {8, 9, 10, 12, 13, 14, 15, 16}) {
      add(sign + std::to_string(stored) + "of16", 16, stored, is_signed, 1, false, "MONOCHROME1",
          64, 95);
    }
  }
  add("one_bit", 1, 1, false, 1, false, "MONOCHROME2", 33, 37);
  add("palette8", 8, 8, false, 1, false, "PALETTE COLOR", 20, 31);
  add("palette16", 16, 16, false, 1, false, "PALETTE COLOR", 20, 31);
  add("rgb", 8, 8, false, 3, false, "RGB", 45, 70);
  add("rgb_planar", 8, 8, false, 3, true, "RGB", 45, 70);
  add("rgb16", 16, 16, false, 3, false, "RGB", 31, 40);
  add("rgb12_planar", 16, 12, false, 3, true, "RGB", 31, 40);
  add("ybr_full", 8, 8, false, 3, false, "YBR_FULL", 32, 32);
  add("thirty_two", 32, 32, false, 1, false, "MONOCHROME2", 17, 19);
  add("thirty_two_signed", 32, 32, true, 1, false, "MONOCHROME2", 17, 19);
  add("one_pixel", 16, 16, false, 1, false, "MONOCHROME2", 1, 1);
  add("one_row", 16, 12, true, 1, false, "MONOCHROME2", 1, 301);
  add("one_column", 8, 8, false, 3, false, "RGB", 301, 1);
  add("large", 16, 16, true, 1, false, "MONOCHROME2", 700, 521);
  return out;
}

}  // namespace medarc::test

#include "dicom/render/colour.h"

#include <algorithm>
#include <array>

#include "dicom/render/samples.h"

namespace medarc::dicom {
namespace {

uint8_t octet(int v) { return static_cast<uint8_t>(std::clamp(v, 0, 255)); }

// Y, CB, CR of 8 bits to R, G, B (ITU-R BT.601), in 16.16 fixed point. `partial`: Y takes 16 to
// 235, CB and CR 16 to 240.
template <bool partial>
void to_rgb(uint8_t y8, uint8_t cb8, uint8_t cr8, uint8_t* out) {
  const int cb = cb8 - 128, cr = cr8 - 128, half = 1 << 15;
  if constexpr (partial) {
    const int y = (y8 - 16) * 76309 + half;
    out[0] = octet((y + 104597 * cr) >> 16);
    out[1] = octet((y - 25675 * cb - 53279 * cr) >> 16);
    out[2] = octet((y + 132201 * cb) >> 16);
  } else {
    const int y = (y8 << 16) + half;
    out[0] = octet((y + 91881 * cr) >> 16);
    out[1] = octet((y - 22554 * cb - 46802 * cr) >> 16);
    out[2] = octet((y + 116130 * cb) >> 16);
  }
}

// All cells as octets, whatever their size: the highest sample there can be becomes 255.
template <class Cell>
Bytes octets_of(const Frame& frame, size_t count) {
  const SampleBits bits(frame.shape);
  Bytes table(size_t{bits.mask} + 1, '\0');
  // Signed colours make no sense, but occur: the lowest is black.
  for (uint32_t raw = 0; raw <= bits.mask; ++raw) {
    const int64_t v = bits.value(raw) + int64_t{bits.sign};
    table[raw] = static_cast<char>((v * 255 + bits.mask / 2) / bits.mask);
  }
  Bytes out(count, '\0');
  const char* const cells = frame.pixels.data();
  for (size_t i = 0; i < count; ++i) out[i] = table[bits.raw(cell<Cell>(cells, i))];
  return out;
}

Bytes interleaved(const Bytes& planes, size_t pixels) {
  Bytes out(planes.size(), '\0');
  const char *r = planes.data(), *g = r + pixels, *b = g + pixels;
  for (size_t i = 0; i < pixels; ++i) {
    out[3 * i] = r[i];
    out[3 * i + 1] = g[i];
    out[3 * i + 2] = b[i];
  }
  return out;
}

template <bool partial>
void convert_all(uint8_t* pixels, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint8_t* const p = pixels + 3 * i;
    to_rgb<partial>(p[0], p[1], p[2], p);
  }
}

// Rows of groups of two pixels: Y1 Y2 CB CR.
template <bool partial>
void convert_422(const Bytes& octets, Image& image) {
  const size_t groups = (image.width + 1) / 2;
  for (size_t row = 0; row < image.height; ++row) {
    const auto* from = reinterpret_cast<const uint8_t*>(octets.data()) + row * groups * 4;
    uint8_t* to = image.data() + row * image.width * 3;
    for (size_t x = 0; x < image.width; ++x, to += 3) {
      const uint8_t* const group = from + (x / 2) * 4;
      to_rgb<partial>(group[x % 2], group[2], group[3], to);
    }
  }
}

template <class Cell>
void by_palette(const Frame& frame, const Palette& palette, Image& image) {
  const SampleBits bits(frame.shape);
  const size_t values = size_t{bits.mask} + 1;
  std::vector<std::array<uint8_t, 3>> colours(values);
  const auto last = static_cast<int64_t>(palette.red.size()) - 1;
  for (uint32_t raw = 0; raw < values; ++raw) {
    const auto i =
        static_cast<size_t>(std::clamp<int64_t>(bits.value(raw) - palette.first, 0, last));
    colours[raw] = {palette.red[i], palette.green[i], palette.blue[i]};
  }
  const char* const cells = frame.pixels.data();
  const size_t count = size_t{image.width} * image.height;
  uint8_t* to = image.data();
  for (size_t i = 0; i < count; ++i, to += 3) {
    const auto& colour = colours[bits.raw(cell<Cell>(cells, i))];
    to[0] = colour[0];
    to[1] = colour[1];
    to[2] = colour[2];
  }
}

}  // namespace

Result<Image> render_colour(const Frame& frame, const ImageAttributes& attributes) {
  const FrameShape& shape = frame.shape;
  const bool wide = shape.bits_allocated == 16;
  Image out;
  out.width = shape.columns;
  out.height = shape.rows;
  out.channels = 3;
  const size_t pixels = size_t{out.width} * out.height;
  if (shape.photometric == "PALETTE COLOR") {
    if (!attributes.palette || shape.bits_allocated > 16 || shape.bits_allocated < 8) {
      return make_error(Code::not_acceptable, "the palette does not fit the pixel data");
    }
    out.pixels.resize(pixels * 3);
    wide ? by_palette<uint16_t>(frame, *attributes.palette, out)
         : by_palette<uint8_t>(frame, *attributes.palette, out);
    return out;
  }
  const bool partial = shape.photometric.starts_with("YBR_PARTIAL");
  const bool pairs = shape.photometric.ends_with("_422");
  const size_t count = pairs ? size_t{out.height} * ((out.width + 1) / 2) * 4 : pixels * 3;
  Bytes octets = wide ? octets_of<uint16_t>(frame, count) : octets_of<uint8_t>(frame, count);
  if (pairs) {
    out.pixels.resize(pixels * 3);
    partial ? convert_422<true>(octets, out) : convert_422<false>(octets, out);
    return out;
  }
  out.pixels = shape.planar ? interleaved(octets, pixels) : std::move(octets);
  if (shape.photometric == "RGB") return out;
  if (!partial && shape.photometric != "YBR_FULL") {
    return make_error(Code::not_acceptable, "this Photometric Interpretation is not shown");
  }
  partial ? convert_all<true>(out.data(), pixels) : convert_all<false>(out.data(), pixels);
  return out;
}

}  // namespace medarc::dicom

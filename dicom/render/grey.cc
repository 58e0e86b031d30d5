#include "dicom/render/grey.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "dicom/render/samples.h"

namespace medarc::dicom {
namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void add(double v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
};

double modality_value(const GreyTransform& t, double stored) {
  if (t.modality) return t.modality->at(static_cast<int64_t>(std::clamp(stored, -1e15, 1e15)));
  return stored * t.slope + t.intercept;
}

bool is_padding(const ImageAttributes& image, int64_t stored) {
  if (!image.padding) return false;
  const int64_t other = image.padding_limit.value_or(*image.padding);
  return stored >= std::min(*image.padding, other) && stored <= std::max(*image.padding, other);
}

uint8_t to_octet(double grey, bool inverse) {
  // Extreme numbers may have given what is no number: the lowest.
  const auto octet = grey > 0 ? static_cast<uint8_t>(std::min(grey, 255.0) + 0.5) : uint8_t{0};
  return inverse ? static_cast<uint8_t>(255 - octet) : octet;
}

// Modality values to octets; `range` of those that occur is asked for only when it is needed.
class Shades {
 public:
  Shades(const GreyTransform& transform, bool inverse, const std::function<Range()>& range)
      : transform_(transform), inverse_(inverse) {
    if (transform.window || transform.voi) return;
    range_ = range();
    if (!(range_.low < range_.high)) range_.high = range_.low + 1;
  }
  uint8_t of(double v) const { return to_octet(presented(level(v)), inverse_); }

 private:
  double level(double v) const {  // 0 to 255
    if (transform_.window) return windowed(*transform_.window, v);
    if (transform_.voi) {
      const auto i = static_cast<int64_t>(std::lround(std::clamp(v, -4e9, 4e9)));
      return transform_.voi->at(i) * 255.0 / ((1u << transform_.voi->bits) - 1);
    }
    return (v - range_.low) * 255.0 / (range_.high - range_.low);
  }
  // The whole range goes into the whole table (PS3.3 C.11.6.1).
  double presented(double grey) const {
    if (!transform_.presentation) return grey;
    const Lut& lut = *transform_.presentation;
    const double place = grey > 0 ? std::min(grey, 255.0) / 255 : 0;
    const auto i = static_cast<size_t>(place * static_cast<double>(lut.entries.size() - 1) + 0.5);
    return lut.entries[i] * 255.0 / ((1u << lut.bits) - 1);
  }

  const GreyTransform& transform_;
  const bool inverse_;
  Range range_;
};

// All that stored values from `low` to `high` can become.
Range possible(const GreyTransform& t, double low, double high) {
  Range r;
  r.add(t.modality ? 0 : modality_value(t, low));
  r.add(t.modality ? (1u << t.modality->bits) - 1 : modality_value(t, high));
  return r;
}

// Up to 16 bits stored: a table of all values there can be, then one look-up a pixel.
template <class Cell>
void by_table(const char* cells, size_t count, const FrameShape& shape,
              const ImageAttributes& image, const GreyTransform& t, uint8_t* out) {
  const SampleBits bits(shape);
  const size_t values = size_t{bits.mask} + 1;
  const auto range = [&] {
    const auto low = static_cast<double>(bits.sign == 0 ? 0 : -int64_t{bits.sign});
    const bool as_is = shape.bits_stored <= 8 && !t.rescaled && !t.modality;
    if (as_is || t.full_range) return possible(t, low, low + static_cast<double>(bits.mask));
    Range r;
    std::vector<uint8_t> occurs(values, 0);
    for (size_t i = 0; i < count; ++i) occurs[bits.raw(cell<Cell>(cells, i))] = 1;
    for (const bool padding_too : {false, true}) {  // an image may be all padding
      for (uint32_t raw = 0; raw < values; ++raw) {
        const int64_t v = bits.value(raw);
        if (occurs[raw] != 0 && (padding_too || !is_padding(image, v))) {
          r.add(modality_value(t, static_cast<double>(v)));
        }
      }
      if (r.low <= r.high) break;
    }
    return r;
  };
  const Shades shades(t, image.inverse, range);
  std::vector<uint8_t> table(values);
  for (uint32_t raw = 0; raw < values; ++raw) {
    table[raw] = shades.of(modality_value(t, static_cast<double>(bits.value(raw))));
  }
  const uint8_t* const shade = table.data();
  const unsigned shift = bits.shift;
  const uint32_t mask = bits.mask;
  for (size_t i = 0; i < count; ++i) out[i] = shade[cell<Cell>(cells, i) >> shift & mask];
}

// Wider samples, one by one. `stored(i)` is the value of pixel i.
template <class Stored>
void one_by_one(size_t count, const ImageAttributes& image, const GreyTransform& t, Stored stored,
                uint8_t* out) {
  const auto range = [&] {
    Range r;
    if (t.full_range && !image.is_float) {
      const SampleBits bits(image.shape);
      const auto low = static_cast<double>(bits.sign == 0 ? 0 : -int64_t{bits.sign});
      return possible(t, low, low + static_cast<double>(bits.mask));
    }
    for (size_t i = 0; i < count; ++i) {
      const double v = stored(i);
      if (!std::isfinite(v)) continue;
      if (image.padding && is_padding(image, static_cast<int64_t>(v))) continue;
      r.add(modality_value(t, v));
    }
    return r.low <= r.high ? r : Range{0, 1};
  };
  const Shades shades(t, image.inverse, range);
  for (size_t i = 0; i < count; ++i) {
    const double v = stored(i);
    // Not a number: shown as the lowest value.
    out[i] = std::isnan(v) ? to_octet(0, image.inverse)
                           : shades.of(modality_value(t, std::clamp(v, -1e300, 1e300)));
  }
}

void bits_to_grey(const char* cells, size_t count, const ImageAttributes& image,
                  const GreyTransform& t, uint8_t* out) {
  const Shades shades(t, image.inverse, [&] {
    return Range{modality_value(t, 0), modality_value(t, 1)};
  });
  const uint8_t shade[2] = {shades.of(modality_value(t, 0)), shades.of(modality_value(t, 1))};
  for (size_t i = 0; i < count; ++i) {
    out[i] = shade[static_cast<uint8_t>(cells[i / 8]) >> (i % 8) & 1];
  }
}

}  // namespace

double windowed(const Window& w, double v) {
  switch (w.function) {
    case VoiFunction::linear: {
      const double centre = w.centre - 0.5, width = w.width - 1;
      if (v <= centre - width / 2) return 0;
      if (v > centre + width / 2) return 255;
      return ((v - centre) / width + 0.5) * 255;
    }
    case VoiFunction::linear_exact:
      if (v <= w.centre - w.width / 2) return 0;
      if (v > w.centre + w.width / 2) return 255;
      return ((v - w.centre) / w.width + 0.5) * 255;
    case VoiFunction::sigmoid: return 255 / (1 + std::exp(-4 * (v - w.centre) / w.width));
  }
  return 0;
}

Image render_grey(const Frame& frame, const ImageAttributes& image, const GreyTransform& t) {
  const FrameShape& shape = frame.shape;
  Image out;
  out.width = shape.columns;
  out.height = shape.rows;
  const size_t count = size_t{out.width} * out.height;
  out.pixels.resize(count);
  const char* const cells = frame.pixels.data();
  uint8_t* const to = out.data();
  if (shape.bits_allocated == 64) {
    one_by_one(
        count, image, t, [cells](size_t i) { return cell<double>(cells, i); }, to);
  } else if (image.is_float) {
    one_by_one(
        count, image, t, [cells](size_t i) { return double{cell<float>(cells, i)}; }, to);
  } else if (shape.bits_allocated == 32 && shape.bits_stored > 16) {
    const SampleBits bits(shape);
    one_by_one(
        count, image, t,
        [cells, bits](size_t i) {
          return static_cast<double>(bits.value(bits.raw(cell<uint32_t>(cells, i))));
        },
        to);
  } else if (shape.bits_allocated == 32) {
    by_table<uint32_t>(cells, count, shape, image, t, to);
  } else if (shape.bits_allocated == 16) {
    by_table<uint16_t>(cells, count, shape, image, t, to);
  } else if (shape.bits_allocated == 8) {
    by_table<uint8_t>(cells, count, shape, image, t, to);
  } else {
    bits_to_grey(cells, count, image, t, to);
  }
  return out;
}

}  // namespace medarc::dicom

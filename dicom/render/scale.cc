#include "dicom/render/scale.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace medarc::dicom {
namespace {

// Which source pixels one line of the result is made of, along one axis.
struct Taps {
  std::vector<uint32_t> first;   // of each result pixel
  std::vector<uint32_t> offset;  // its weights in `weight`; one more than there are pixels
  std::vector<float> weight;     // sum to 1 for each
  size_t count(size_t i) const { return offset[i + 1] - offset[i]; }
};

// `size` source pixels along the axis; [begin, begin + length) of them become `out` pixels.
Taps plan_axis(uint32_t size, double begin, double length, uint32_t out, bool mirror) {
  Taps taps;
  taps.first.reserve(out);
  taps.offset.reserve(out + 1);
  taps.offset.push_back(0);
  const double step = length / out;
  for (uint32_t i = 0; i < out; ++i) {
    const double at = mirror ? out - 1 - i : i;
    double from = begin + at * step, to = from + step;
    if (step < 1) {
      // Between the centres of the two nearest pixels.
      const double centre = std::clamp((from + to) / 2 - 0.5, 0.0, size - 1.0);
      const auto low = static_cast<uint32_t>(centre);
      const auto part = static_cast<float>(centre - low);
      taps.first.push_back(low);
      taps.weight.push_back(1 - part);
      if (part > 0) taps.weight.push_back(part);
    } else {
      // The share of each pixel in what it covers.
      from = std::clamp(from, 0.0, size - 1.0);
      to = std::clamp(to, from, static_cast<double>(size));
      const auto low = static_cast<uint32_t>(from);
      const auto end = std::clamp(static_cast<uint32_t>(std::ceil(to)), low + 1, size);
      taps.first.push_back(low);
      double sum = 0;
      for (uint32_t p = low; p < end; ++p) {
        sum += std::max(0.0, std::min<double>(p + 1.0, to) - std::max<double>(p, from));
      }
      for (uint32_t p = low; p < end; ++p) {
        const double share = std::min<double>(p + 1.0, to) - std::max<double>(p, from);
        taps.weight.push_back(sum > 0 ? static_cast<float>(std::max(0.0, share) / sum)
                                      : (p == low ? 1.0f : 0.0f));
      }
    }
    taps.offset.push_back(static_cast<uint32_t>(taps.weight.size()));
  }
  return taps;
}

// One line of `sums` (floats, `channels` a pixel) to one line of the result.
template <size_t channels>
void squeeze(const float* sums, const Taps& taps, uint32_t out_width, uint8_t* out) {
  for (uint32_t x = 0; x < out_width; ++x) {
    const float* from = sums + size_t{taps.first[x]} * channels;
    const float* weight = taps.weight.data() + taps.offset[x];
    float v[channels] = {};
    for (size_t n = taps.count(x); n > 0; --n, from += channels, ++weight) {
      for (size_t c = 0; c < channels; ++c) v[c] += from[c] * *weight;
    }
    for (size_t c = 0; c < channels; ++c) {
      out[x * channels + c] = static_cast<uint8_t>(std::min(v[c] + 0.5f, 255.0f));
    }
  }
}

// One side of the region: clipped to the image; false when nothing is left.
bool clip(double& begin, double& length, bool& mirror, double size) {
  mirror = length < 0;
  double end = length == 0 ? size : begin + std::abs(length);
  begin = std::max(begin, 0.0);
  end = std::min(end, size);
  length = end - begin;
  return length > 0;
}

uint32_t pixels_of(double length) {
  return static_cast<uint32_t>(std::clamp(std::floor(length + 0.5), 1.0, 1e9));
}

}  // namespace

Result<Layout> plan_layout(uint32_t width, uint32_t height, double pixel_aspect,
                           const RenderRequest& request, const RenderLimits& limits) {
  Layout out;
  if (request.region) {
    const Region& r = *request.region;
    const double across = r.relative ? width : 1, down = r.relative ? height : 1;
    out.left = r.left * across;
    out.top = r.top * down;
    out.width = r.width * across;
    out.height = r.height * down;
  }
  if (!clip(out.left, out.width, out.mirror_x, width) ||
      !clip(out.top, out.height, out.mirror_y, height)) {
    return make_error(Code::invalid_argument, "the region lies outside the image");
  }
  // Square pixels, made by stretching: nothing of the source is lost.
  double across = out.width, down = out.height;
  if (pixel_aspect > 1) down *= pixel_aspect;
  if (pixel_aspect < 1) across /= pixel_aspect;
  double factor = 0;  // 0: no bound
  if (request.width_max > 0) factor = request.width_max / across;
  if (request.height_max > 0) {
    const double f = request.height_max / down;
    factor = factor == 0 ? f : std::min(factor, f);
  }
  if (factor == 0 || (factor > 1 && !request.enlarge)) factor = 1;
  out.out_width = pixels_of(across * factor);
  out.out_height = pixels_of(down * factor);
  if (uint64_t{out.out_width} * out.out_height > limits.output_pixels_max) {
    return make_error(Code::too_large, "the rendered image would have more than " +
                                           std::to_string(limits.output_pixels_max) + " pixels");
  }
  return out;
}

Image scaled(Image image, const Layout& l) {
  if (l.left == 0 && l.top == 0 && l.width == image.width && l.height == image.height &&
      l.out_width == image.width && l.out_height == image.height && !l.mirror_x && !l.mirror_y) {
    return image;
  }
  const Taps across = plan_axis(image.width, l.left, l.width, l.out_width, l.mirror_x);
  const Taps down = plan_axis(image.height, l.top, l.height, l.out_height, l.mirror_y);
  Image out;
  out.width = l.out_width;
  out.height = l.out_height;
  out.channels = image.channels;
  out.pixels.resize(size_t{out.width} * out.height * out.channels);
  const size_t line = size_t{image.width} * image.channels;
  const size_t out_line = size_t{out.width} * out.channels;
  std::vector<float> sums(line);
  float* const sum = sums.data();
  for (uint32_t y = 0; y < out.height; ++y) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (size_t n = 0; n < down.count(y); ++n) {
      const uint8_t* const from = image.data() + (down.first[y] + n) * line;
      const float weight = down.weight[down.offset[y] + n];
      for (size_t i = 0; i < line; ++i) sum[i] += static_cast<float>(from[i]) * weight;
    }
    uint8_t* const to = out.data() + y * out_line;
    image.channels == 3 ? squeeze<3>(sum, across, out.width, to)
                        : squeeze<1>(sum, across, out.width, to);
  }
  return out;
}

}  // namespace medarc::dicom

#include "dicom/render/projection.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dicom/render/scale.h"

namespace medarc::dicom {
namespace {

uint32_t pixels_of(double length) {
  return static_cast<uint32_t>(std::clamp(std::floor(length + 0.5), 1.0, 1e9));
}

// What is left of a length of `pixels` in a viewport of `most`, about its middle.
void crop(uint32_t most, double& begin, double& length, uint32_t& pixels) {
  if (most == 0 || pixels <= most) return;
  const double kept = length * most / pixels;
  begin += (length - kept) / 2;
  length = kept;
  pixels = most;
}

// The part of [0, size) that [begin, begin + length) shows, and where it lies in `out` pixels.
struct Part {
  double begin = 0, length = 0;
  uint32_t out_begin = 0, out_length = 0;
};
Part part_of(double size, double begin, double length, uint32_t out) {
  Part p;
  p.begin = std::max(begin, 0.0);
  p.length = std::min(begin + length, size) - p.begin;
  if (p.length <= 0) return Part();
  const double scale = out / length;
  const auto edge = [&](double at) {
    return static_cast<uint32_t>(
        std::clamp(std::floor((at - begin) * scale + 0.5), 0.0, out * 1.0));
  };
  p.out_begin = std::min(edge(p.begin), out - 1);
  p.out_length = std::max(edge(p.begin + p.length), p.out_begin + 1) - p.out_begin;
  return p;
}

}  // namespace

Point oriented(const Orientation& o, double columns, double rows, Point p) {
  switch (o.quarter_turns) {
    case 1: p = {rows - p.y, p.x}; break;
    case 2: p = {columns - p.x, rows - p.y}; break;
    case 3: p = {p.y, columns - p.x}; break;
    default: break;
  }
  if (o.flip) p.x = (o.quarter_turns % 2 != 0 ? rows : columns) - p.x;
  return p;
}

Image oriented(Image image, const Orientation& o) {
  if (o == Orientation()) return image;
  Image out;
  const bool swapped = o.quarter_turns % 2 != 0;
  out.width = swapped ? image.height : image.width;
  out.height = swapped ? image.width : image.height;
  out.channels = image.channels;
  out.pixels.resize(image.pixels.size());
  const size_t channels = image.channels;
  const double columns = image.width, rows = image.height;
  // Turning is affine: where the first pixel goes, and how far the next ones are from it.
  const auto place = [&](double x, double y) {
    const Point p = oriented(o, columns, rows, {x + 0.5, y + 0.5});
    return static_cast<int64_t>(p.y) * out.width + static_cast<int64_t>(p.x);
  };
  const int64_t first = place(0, 0);
  const int64_t across = image.width > 1 ? place(1, 0) - first : 0;
  const int64_t down = image.height > 1 ? place(0, 1) - first : 0;
  const uint8_t* from = image.data();
  for (int64_t y = 0; y < image.height; ++y) {
    int64_t to = first + y * down;
    for (uint32_t x = 0; x < image.width; ++x, to += across, from += channels) {
      std::memcpy(out.data() + static_cast<size_t>(to) * channels, from, channels);
    }
  }
  return out;
}

Result<Projection> Projection::plan(uint32_t columns, uint32_t rows, const Orientation& orientation,
                                    const DisplayedArea& area, const RenderRequest& request,
                                    const RenderLimits& limits) {
  Projection p;
  p.columns_ = columns;
  p.rows_ = rows;
  p.orientation_ = orientation;
  const Point a = oriented(orientation, columns, rows, {area.left, area.top});
  const Point b = oriented(orientation, columns, rows, {area.right, area.bottom});
  p.area_left_ = p.left_ = std::min(a.x, b.x);
  p.area_top_ = p.top_ = std::min(a.y, b.y);
  p.area_width_ = p.shown_width_ = std::abs(a.x - b.x);
  p.area_height_ = p.shown_height_ = std::abs(a.y - b.y);
  if (request.region) {
    const Region& r = *request.region;
    if (r.relative || r.width < 0 || r.height < 0) {
      return make_error(Code::invalid_argument,
                        "the region of a presentation is in pixels and not mirrored");
    }
    p.left_ += r.left;
    p.top_ += r.top;
    p.shown_width_ =
        r.width == 0 ? p.area_width_ - r.left : std::min(r.width, p.area_width_ - r.left);
    p.shown_height_ =
        r.height == 0 ? p.area_height_ - r.top : std::min(r.height, p.area_height_ - r.top);
    if (p.shown_width_ <= 0 || p.shown_height_ <= 0) {
      return make_error(Code::invalid_argument, "the region lies outside the displayed area");
    }
  }
  const double aspect =
      orientation.quarter_turns % 2 != 0 ? 1 / area.pixel_aspect : area.pixel_aspect;
  double across = p.shown_width_, down = p.shown_height_;
  if (aspect > 1) down *= aspect;
  if (aspect < 1) across /= aspect;
  double factor = area.magnification;
  if (factor == 0 && request.width_max > 0) factor = request.width_max / across;
  if (area.magnification == 0 && request.height_max > 0) {
    const double f = request.height_max / down;
    factor = factor == 0 ? f : std::min(factor, f);
  }
  if (factor == 0 || (area.magnification == 0 && factor > 1 && !request.enlarge)) factor = 1;
  p.width_ = pixels_of(across * factor);
  p.height_ = pixels_of(down * factor);
  if (area.magnification != 0) {
    crop(request.width_max, p.left_, p.shown_width_, p.width_);
    crop(request.height_max, p.top_, p.shown_height_, p.height_);
  }
  if (uint64_t{p.width_} * p.height_ > limits.output_pixels_max) {
    return make_error(Code::too_large, "the rendered image would have more than " +
                                           std::to_string(limits.output_pixels_max) + " pixels");
  }
  return p;
}

Point Projection::of_image(Point p) const {
  const Point at = oriented(orientation_, columns_, rows_, p);
  return {(at.x - left_) * width_ / shown_width_, (at.y - top_) * height_ / shown_height_};
}

Point Projection::of_display(Point p) const {
  return {(area_left_ + p.x * area_width_ - left_) * width_ / shown_width_,
          (area_top_ + p.y * area_height_ - top_) * height_ / shown_height_};
}

Image Projection::apply(Image image) const {
  image = oriented(std::move(image), orientation_);
  const Part across = part_of(image.width, left_, shown_width_, width_);
  const Part down = part_of(image.height, top_, shown_height_, height_);
  Image part;
  if (across.out_length != 0 && down.out_length != 0) {
    part = scaled(std::move(image), {across.begin, down.begin, across.length, down.length, false,
                                     false, across.out_length, down.out_length});
    if (part.width == width_ && part.height == height_) return part;
  }
  Image out;
  out.width = width_;
  out.height = height_;
  out.channels = part.pixels.empty() ? image.channels : part.channels;
  out.pixels.assign(size_t{width_} * height_ * out.channels, '\0');
  for (size_t y = 0; y < part.height; ++y) {
    const size_t to = (size_t{down.out_begin} + y) * width_ + across.out_begin;
    const size_t line = size_t{part.width} * part.channels;
    std::memcpy(out.data() + to * out.channels, part.data() + y * line, line);
  }
  return out;
}

}  // namespace medarc::dicom

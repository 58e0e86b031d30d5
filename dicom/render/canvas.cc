#include "dicom/render/canvas.h"

#include <algorithm>
#include <cmath>

namespace medarc::dicom {
namespace {

// The part of a line inside low..high along one axis (Liang and Barsky); false when there is none.
bool clip(double from, double way, double low, double high, double& begin, double& end) {
  if (way == 0) return from >= low && from <= high;
  double a = (low - from) / way, b = (high - from) / way;
  if (a > b) std::swap(a, b);
  begin = std::max(begin, a);
  end = std::min(end, b);
  return begin <= end;
}

}  // namespace

std::vector<double> crossings(const std::vector<Point>& polygon, double y) {
  std::vector<double> out;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const Point& a = polygon[i];
    const Point& b = polygon[(i + 1) % polygon.size()];
    if ((a.y <= y) == (b.y <= y)) continue;
    out.push_back(a.x + (y - a.y) * (b.x - a.x) / (b.y - a.y));
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool Canvas::work(uint64_t units) {
  if (units > work_left_) exhausted_ = true;
  if (exhausted_) return false;
  work_left_ -= units;
  return true;
}

void Canvas::blend(int64_t x, int64_t y, uint8_t coverage, const Ink& ink) {
  if (x < 0 || y < 0 || x >= image_.width || y >= image_.height || coverage == 0 || !work(1))
    return;
  uint8_t* const pixel =
      image_.data() +
      (static_cast<size_t>(y) * image_.width + static_cast<size_t>(x)) * image_.channels;
  uint8_t full[3] = {};
  put_ink(ink, image_.channels, full);
  for (size_t c = 0; c < image_.channels; ++c) {
    pixel[c] = static_cast<uint8_t>((full[c] * coverage + pixel[c] * (255 - coverage) + 127) / 255);
  }
}

void Canvas::span(int64_t y, double from, double to, const Ink& ink) {
  // Pixels whose centres are inside.
  const double low = std::clamp(std::ceil(from - 0.5), 0.0, image_.width * 1.0);
  const double high = std::clamp(std::ceil(to - 0.5), 0.0, image_.width * 1.0);
  if (low >= high || y < 0 || y >= image_.height) return;
  const auto begin = static_cast<size_t>(low), end = static_cast<size_t>(high);
  if (!work(end - begin)) return;
  uint8_t* pixel =
      image_.data() + (static_cast<size_t>(y) * image_.width + begin) * image_.channels;
  for (size_t x = begin; x < end; ++x, pixel += image_.channels) {
    put_ink(ink, image_.channels, pixel);
  }
}

void Canvas::fill(const std::vector<Point>& polygon, const Ink& ink) {
  if (polygon.size() < 3) return;
  double top = polygon[0].y, bottom = top;
  for (const Point& p : polygon) {
    top = std::min(top, p.y);
    bottom = std::max(bottom, p.y);
  }
  const auto first = static_cast<int64_t>(std::clamp(std::floor(top), 0.0, image_.height * 1.0));
  const auto end = static_cast<int64_t>(std::clamp(std::ceil(bottom), 0.0, image_.height * 1.0));
  for (int64_t y = first; y < end; ++y) {
    if (!work(polygon.size())) return;
    const auto x = crossings(polygon, static_cast<double>(y) + 0.5);
    for (size_t i = 0; i + 1 < x.size(); i += 2) span(y, x[i], x[i + 1], ink);
  }
}

void Canvas::line(Point from, Point to, double thickness, const Ink& ink) {
  if (!work(1)) return;
  const double dx = to.x - from.x, dy = to.y - from.y, margin = thickness + 1;
  double begin = 0, end = 1;
  if (!clip(from.x, dx, -margin, image_.width + margin, begin, end) ||
      !clip(from.y, dy, -margin, image_.height + margin, begin, end)) {
    return;
  }
  const Point a{from.x + dx * begin, from.y + dy * begin}, b{from.x + dx * end, from.y + dy * end};
  const bool steep = std::abs(dy) > std::abs(dx);
  const double length = steep ? std::abs(b.y - a.y) : std::abs(b.x - a.x);
  const auto steps = static_cast<int64_t>(std::ceil(length));
  const auto wide = std::max<int64_t>(1, std::lround(thickness));
  for (int64_t i = 0; i <= steps; ++i) {
    const double part = steps == 0 ? 0 : static_cast<double>(i) / static_cast<double>(steps);
    const double x = a.x + (b.x - a.x) * part, y = a.y + (b.y - a.y) * part;
    for (int64_t w = 0; w < wide; ++w) {
      const double aside = static_cast<double>(w) - static_cast<double>(wide - 1) / 2;
      blend(static_cast<int64_t>(std::floor(steep ? x + aside : x)),
            static_cast<int64_t>(std::floor(steep ? y : y + aside)), 255, ink);
    }
    if (exhausted_) return;
  }
}

void Canvas::polyline(const std::vector<Point>& points, double thickness, const Ink& ink) {
  for (size_t i = 0; i + 1 < points.size() && !exhausted_; ++i) {
    line(points[i], points[i + 1], thickness, ink);
  }
}

}  // namespace medarc::dicom

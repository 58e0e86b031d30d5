// Lines, filled shapes and masks drawn into a rendered image, within a bounded amount of work.
#pragma once

#include <vector>

#include "dicom/render/image.h"
#include "dicom/render/projection.h"

namespace medarc::dicom {

// Where a horizontal line at `y` crosses the closed polygon: rising; inside from the first to the
// second, from the third to the fourth, and so on.
std::vector<double> crossings(const std::vector<Point>& polygon, double y);

// What lies outside the image is not drawn. When the work is used up nothing more is, and
// exhausted() says so. Coordinates are finite.
class Canvas {
 public:
  // `work_max`: pixels touched, and corners looked at while filling.
  Canvas(Image& image, uint64_t work_max) : image_(image), work_left_(work_max) {}

  void polyline(const std::vector<Point>& points, double thickness, const Ink& ink);
  void fill(const std::vector<Point>& polygon, const Ink& ink);
  // Covers `coverage` of 255 of a pixel.
  void blend(int64_t x, int64_t y, uint8_t coverage, const Ink& ink);

  bool exhausted() const { return exhausted_; }
  uint32_t width() const { return image_.width; }
  uint32_t height() const { return image_.height; }

 private:
  bool work(uint64_t units);
  void line(Point from, Point to, double thickness, const Ink& ink);
  void span(int64_t y, double from, double to, const Ink& ink);

  Image& image_;
  uint64_t work_left_;
  bool exhausted_ = false;
};

}  // namespace medarc::dicom

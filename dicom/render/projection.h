// From the pixels of a stored image to those of the image that is presented: turned and flipped
// (PS3.3 C.10.6), the displayed area cut out (C.10.4), scaled.
//
// Continuous coordinates: 0, 0 is the top left corner of the first pixel, 1, 1 its bottom right
// corner, as in graphic annotations (PS3.3 C.10.5).
#pragma once

#include "dicom/render/image.h"
#include "dicom/render/limits.h"
#include "dicom/render/request.h"

namespace medarc::dicom {

struct Point {
  double x = 0, y = 0;
};

// Image Rotation, then Image Horizontal Flip.
struct Orientation {
  int quarter_turns = 0;  // clockwise, 0 to 3
  bool flip = false;
  bool operator==(const Orientation&) const = default;
};

// Where a point of an image of `columns` x `rows` lies when it is turned.
Point oriented(const Orientation& orientation, double columns, double rows, Point p);
Image oriented(Image image, const Orientation& orientation);

// The Specified Displayed Area, in pixels of the stored image; it may reach beyond it.
struct DisplayedArea {
  double left = 0, top = 0, right = 0, bottom = 0;  // right > left, bottom > top
  double pixel_aspect = 1;                          // height of a pixel / its width
  double magnification = 0;                         // of MAGNIFY; 0: scaled to fit
};

class Projection {
 public:
  // invalid_argument: the region lies outside the area, or is mirrored; too_large: more pixels than
  // allowed.
  static Result<Projection> plan(uint32_t columns, uint32_t rows, const Orientation& orientation,
                                 const DisplayedArea& area, const RenderRequest& request,
                                 const RenderLimits& limits);

  uint32_t width() const { return width_; }
  uint32_t height() const { return height_; }
  // Pixels of the stored image, and parts (0 to 1) of the displayed area, in the result.
  Point of_image(Point p) const;
  Point of_display(Point p) const;

  // `image` is the stored one's, in its size. What lies beyond it is black.
  Image apply(Image image) const;

 private:
  double columns_ = 0, rows_ = 0;
  Orientation orientation_;
  // In pixels of the turned image: the displayed area, and the part of it that is shown.
  double area_left_ = 0, area_top_ = 0, area_width_ = 0, area_height_ = 0;
  double left_ = 0, top_ = 0, shown_width_ = 0, shown_height_ = 0;
  uint32_t width_ = 0, height_ = 0;
};

}  // namespace medarc::dicom

// Display shutters (PS3.3 C.7.6.11, C.7.6.15): the part of an image that is not to be seen.
#pragma once

#include <optional>
#include <vector>

#include "dicom/render/attributes.h"
#include "dicom/render/image.h"
#include "dicom/render/items.h"
#include "dicom/render/limits.h"
#include "dicom/render/projection.h"

namespace medarc::dicom {

struct Shutter {
  struct Rectangle {
    double left = 0, top = 0, right = 0, bottom = 0;  // continuous coordinates
  };
  struct Circle {
    Point centre;
    double radius = 0;  // in columns
  };
  std::optional<Rectangle> rectangle;
  std::optional<Circle> circle;
  std::vector<Point> polygon;
  std::optional<OverlayPlane> bitmap;  // what is set in it is covered
  Ink ink;

  bool empty() const { return !rectangle && !circle && polygon.empty() && !bitmap; }
};

// `overlays`: of the same dataset, for shutters that are bitmaps. not_acceptable: a shutter that is
// not well-formed: what was to be covered must not be shown. too_large: too many corners.
Result<Shutter> read_shutter(const ItemView& dataset, const std::vector<OverlayPlane>& overlays,
                             const RenderLimits& limits);

// Covers what lies outside of any of the shapes. `image` has the size of `frame`.
void draw_shutter(const Shutter& shutter, const Frame& frame, double pixel_aspect, Image& image);

}  // namespace medarc::dicom

// Cutting, mirroring and scaling of a rendered image: averages when it gets smaller, interpolates
// when it gets larger.
#pragma once

#include "dicom/render/image.h"
#include "dicom/render/limits.h"
#include "dicom/render/request.h"

namespace medarc::dicom {

// What becomes of an image of `width` x `height` whose pixels are `pixel_aspect` times as high as
// they are wide: the part of it that is shown, and the size it is shown in, with square pixels.
struct Layout {
  double left = 0, top = 0, width = 0, height = 0;  // of the source, in its pixels; above 0
  bool mirror_x = false, mirror_y = false;
  uint32_t out_width = 0, out_height = 0;
};
// invalid_argument: the region lies outside the image; too_large: more pixels than are allowed.
Result<Layout> plan_layout(uint32_t width, uint32_t height, double pixel_aspect,
                           const RenderRequest& request, const RenderLimits& limits);

Image scaled(Image image, const Layout& layout);

}  // namespace medarc::dicom

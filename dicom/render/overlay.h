// Overlay planes (PS3.3 C.9.2) drawn into a rendered image: graphics as they are (in white unless
// their plane has another ink), regions by their
// border.
#pragma once

#include "dicom/render/attributes.h"
#include "dicom/render/image.h"

namespace medarc::dicom {

// Draws those of frame `index` (from 0). `frame` has the pixels whose unused bits may hold them.
// draw_overlay() draws one plane only.
void draw_overlay(const OverlayPlane& plane, const Frame& frame, uint32_t index, Image& image);
void draw_overlays(const ImageAttributes& attributes, const Frame& frame, uint32_t index,
                   Image& image);

}  // namespace medarc::dicom

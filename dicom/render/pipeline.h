// One frame from its samples to the image that was asked for: grey or colour, overlays, layout.
#pragma once

#include "dicom/render/attributes.h"
#include "dicom/render/image.h"

namespace medarc::dicom {

// not_acceptable: the pixels are shorter than their attributes say, or cannot be shown.
Status check_frame(const Frame& frame);

// `frame`: frame `index` (from 0), native or as a decoder gave it. not_acceptable: the pixels do
// not fit their attributes, or cannot be shown; invalid_argument, too_large: see plan_layout().
Result<Image> render_frame(const Frame& frame, const ItemView& dataset,
                           const ImageAttributes& attributes, uint32_t index,
                           const RenderRequest& request, const RenderLimits& limits);

}  // namespace medarc::dicom

// Colour samples to RGB of 8 bits: RGB, YBR_FULL and its relatives in both planar configurations,
// and PALETTE COLOR (PS3.3 C.7.6.3.1.2).
#pragma once

#include "dicom/render/attributes.h"
#include "dicom/render/image.h"

namespace medarc::dicom {

// `frame` has been checked as for render_grey(). not_acceptable: a photometric interpretation that
// is not shown.
Result<Image> render_colour(const Frame& frame, const ImageAttributes& image);

}  // namespace medarc::dicom

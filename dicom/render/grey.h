// Samples of one value a pixel to grey (PS3.3 C.11.1 modality, C.11.2 values of interest,
// C.7.6.3.1.2 MONOCHROME1): rescale or Modality LUT, then window or VOI LUT, then inversion.
//
// Without a window and a VOI LUT: samples of up to 8 bits that are not rescaled are shown as they
// are, others from the lowest to the highest value that occurs, padding left out.
#pragma once

#include "dicom/render/attributes.h"
#include "dicom/render/image.h"

namespace medarc::dicom {

// `frame` has been checked: its pixels are as long as its shape says.
Image render_grey(const Frame& frame, const ImageAttributes& image, const GreyTransform& transform);

// The grey, 0 to 255, of `value` in `window` (PS3.3 C.11.2.1.2, C.11.2.1.3).
double windowed(const Window& window, double value);

}  // namespace medarc::dicom

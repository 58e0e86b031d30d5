// Softcopy presentation states (PS3.3 A.33; PS3.4 annex N): how an image is to be shown, in place
// of what the image says itself. Grayscale, colour and pseudo-colour ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/imaging.h"
#include "dicom/render/annotations.h"
#include "dicom/render/attributes.h"
#include "dicom/render/projection.h"
#include "dicom/render/shutter.h"

namespace medarc::dicom {

// An image that a presentation state is made for (PS3.3 C.11.11).
struct ShownImage {
  SeriesUid series;
  SopInstanceUid uid;
  std::vector<uint32_t> frames;  // from 1; none: all
};

// In the order of the state. not_acceptable: it names none; too_large: more than `images_max`.
Result<std::vector<ShownImage>> shown_images(const Scanner& state, uint32_t images_max);
// The same of a stored one; its reading is audited. Errors also as Imaging::dataset().
Result<std::vector<ShownImage>> shown_images(Imaging& imaging, const Principal& principal,
                                             const InstanceRow& state, uint32_t images_max);
// The one of `images` that is `image`, with `frame` when one is asked for; nullptr: none.
const ShownImage* find_shown(const std::vector<ShownImage>& images, const InstanceRow& image,
                             std::optional<uint32_t> frame);

enum class PresentationKind { grey, colour, pseudo_colour };

struct Presentation {
  PresentationKind kind = PresentationKind::grey;
  GreyTransform grey;              // not of colour states
  bool inverse = false;            // Presentation LUT Shape INVERSE
  std::optional<Palette> palette;  // of pseudo-colour states
  Orientation orientation;
  DisplayedArea area;
  Shutter shutter;
  std::vector<OverlayPlane> overlays;  // those that are activated
  Annotations annotations;
};

// What `state` says of frame `index` (from 0) of `image`, whose own attributes are `attributes`.
// not_acceptable: what is not well-formed, does not fit the image, or is not done here (mask
// subtraction); too_large: over a limit.
Result<Presentation> read_presentation(const Scanner& state, std::string_view image, uint32_t index,
                                       const ImageAttributes& attributes,
                                       const RenderLimits& limits);

// The frame as the state presents it. Errors as of read_presentation() and render_frame().
Result<Image> render_presented(const Frame& frame, const ImageAttributes& attributes,
                               uint32_t index, const Scanner& state, std::string_view image,
                               const RenderRequest& request, const RenderLimits& limits);

}  // namespace medarc::dicom

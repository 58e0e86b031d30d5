#include "dicom/render/pipeline.h"

#include "dicom/render/colour.h"
#include "dicom/render/grey.h"
#include "dicom/render/overlay.h"
#include "dicom/render/scale.h"

namespace medarc::dicom {

Status check_frame(const Frame& frame) {
  MEDARC_ASSIGN(const uint64_t bytes, native_frame_bytes(frame.shape));
  if (frame.pixels.size() >= bytes) return {};
  return make_error(Code::not_acceptable, "the pixel data is shorter than its attributes say");
}

Result<Image> render_frame(const Frame& frame, const ItemView& dataset,
                           const ImageAttributes& attributes, uint32_t index,
                           const RenderRequest& request, const RenderLimits& limits) {
  const FrameShape& shape = frame.shape;
  const bool grey = shape.samples_per_pixel == 1 && shape.photometric != "PALETTE COLOR";
  MEDARC_TRY(check_frame(frame));
  MEDARC_ASSIGN(const Layout layout,
                plan_layout(shape.columns, shape.rows, attributes.pixel_aspect, request, limits));
  Image image;
  if (grey) {
    MEDARC_ASSIGN(GreyTransform transform, grey_of_frame(dataset, attributes, index));
    if (request.window) transform.window = request.window;
    image = render_grey(frame, attributes, transform);
  } else {
    MEDARC_ASSIGN(image, render_colour(frame, attributes));
  }
  draw_overlays(attributes, frame, index, image);
  return scaled(std::move(image), layout);
}

}  // namespace medarc::dicom

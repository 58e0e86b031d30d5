#include "dicom/render/presentation.h"

#include <algorithm>
#include <cmath>

#include "dicom/render/colour.h"
#include "dicom/render/grey.h"
#include "dicom/render/overlay.h"
#include "dicom/render/pipeline.h"

namespace medarc::dicom {
namespace {

constexpr Tag kMasks{0x00286100}, kModalityLut{0x00283000}, kVoiLut{0x00283010},
    kSoftcopyVoi{0x00283110}, kLutDescriptor{0x00283002}, kLutData{0x00283006},
    kPresentationLut{0x20500010}, kPresentationLutShape{0x20500020}, kDisplayedAreas{0x0070005A};
constexpr double kAspectMax = 20;  // as of images
constexpr double kMagnificationMax = 1000;
constexpr size_t kReadBytes = 256u << 10;

Error refused(std::string text) { return make_error(Code::not_acceptable, std::move(text)); }

// Feeds a whole dataset of explicit little endian to a scanner.
Status scan_all(ByteSource& source, Scanner& scanner) {
  Bytes buffer(kReadBytes, '\0');
  for (;;) {
    MEDARC_ASSIGN(const size_t n, source.read(buffer.data(), buffer.size()));
    if (n == 0) return scanner.finish();
    MEDARC_TRY(scanner.feed(ByteView(buffer).substr(0, n)));
  }
}

Result<GreyTransform> read_grey(const ItemView& state, std::string_view image, uint32_t number,
                                bool is_signed) {
  GreyTransform out;
  apply_rescale(state, out);
  if (const auto table = state.item(kModalityLut)) {
    MEDARC_ASSIGN(out.modality, read_lut(*table, kLutDescriptor, kLutData, is_signed));
  }
  for (const ItemView& voi : state.items(kSoftcopyVoi)) {
    if (!applies_to(voi, image, number)) continue;
    apply_window(voi, out);
    if (const auto table = voi.item(kVoiLut); table && !out.window) {
      const bool may_be_negative = !out.modality && (is_signed || out.intercept < 0);
      MEDARC_ASSIGN(out.voi, read_lut(*table, kLutDescriptor, kLutData, may_be_negative));
    }
    break;
  }
  out.full_range = true;
  if (const auto table = state.item(kPresentationLut)) {
    MEDARC_ASSIGN(out.presentation, read_lut(*table, kLutDescriptor, kLutData, false));
  }
  return out;
}

Result<Orientation> read_orientation(const ItemView& state) {
  Orientation out;
  const int64_t degrees = state.integer(Tag{0x00700042}).value_or(0);
  if (degrees < 0 || degrees >= 360 || degrees % 90 != 0) {
    return refused("the presentation state turns images by no quarter");
  }
  out.quarter_turns = static_cast<int>(degrees / 90);
  out.flip = state.text(Tag{0x00700041}) == "Y";
  return out;
}

// Height of a pixel / its width, by spacing or by ratio.
std::optional<double> read_aspect(const ItemView& item) {
  for (const uint32_t tag : {0x00700101u, 0x00700102u}) {
    const auto pair = item.numbers(Tag{tag});
    if (pair.size() < 2 || pair[0] <= 0 || pair[1] <= 0) continue;
    const double r = pair[0] / pair[1];
    if (r <= kAspectMax && r >= 1 / kAspectMax) return r;
  }
  return std::nullopt;
}

Result<DisplayedArea> read_area(const ItemView& state, std::string_view image, uint32_t number,
                                const ImageAttributes& attributes) {
  DisplayedArea out;
  out.right = attributes.shape.columns;
  out.bottom = attributes.shape.rows;
  out.pixel_aspect = attributes.pixel_aspect;
  for (const ItemView& item : state.items(kDisplayedAreas)) {
    if (!applies_to(item, image, number)) continue;
    const auto begin = item.numbers(Tag{0x00700052}), end = item.numbers(Tag{0x00700053});
    if (begin.size() != 2 || end.size() != 2) return refused("a displayed area has no corners");
    // Corners of what is seen after turning: in the stored image either may be the larger one.
    out.left = std::min(begin[0], end[0]) - 1;
    out.right = std::max(begin[0], end[0]);
    out.top = std::min(begin[1], end[1]) - 1;
    out.bottom = std::max(begin[1], end[1]);
    out.pixel_aspect = read_aspect(item).value_or(out.pixel_aspect);
    if (item.text(Tag{0x00700100}) == "MAGNIFY") {
      out.magnification = item.number(Tag{0x00700103}).value_or(0);
      if (out.magnification <= 0 || out.magnification > kMagnificationMax) {
        return refused("a displayed area is magnified by no usable number");
      }
    }
    break;
  }
  return out;
}

// Those that a layer is named for; the state's own plane before the image's (PS3.3 C.11.7).
std::vector<OverlayPlane> activated(const ItemView& state, const std::vector<OverlayPlane>& own,
                                    const std::vector<OverlayPlane>& of_image) {
  std::vector<OverlayPlane> out;
  for (uint32_t group = 0x6000; group <= 0x601E; group += 2) {
    const std::string layer = state.text(Tag{group << 16 | 0x1001});
    if (layer.empty()) continue;
    const auto is_it = [&](const OverlayPlane& o) { return o.group == group; };
    auto found = std::find_if(own.begin(), own.end(), is_it);
    if (found == own.end()) {
      found = std::find_if(of_image.begin(), of_image.end(), is_it);
      if (found == of_image.end()) continue;
    }
    out.push_back(*found);
    out.back().ink = ink_of_layer(state, layer);
  }
  return out;
}

Image coloured(const Image& grey, const Palette& palette) {
  std::array<std::array<uint8_t, 3>, 256> colours;
  const size_t last = palette.red.size() - 1;
  for (size_t v = 0; v < colours.size(); ++v) {
    const size_t i = (v * last + 127) / 255;
    colours[v] = {palette.red[i], palette.green[i], palette.blue[i]};
  }
  Image out;
  out.width = grey.width;
  out.height = grey.height;
  out.channels = 3;
  out.pixels.resize(grey.pixels.size() * 3);
  for (size_t i = 0; i < grey.pixels.size(); ++i) {
    std::copy_n(colours[grey.data()[i]].begin(), 3, out.data() + 3 * i);
  }
  return out;
}

}  // namespace

Result<std::vector<ShownImage>> shown_images(const Scanner& state, uint32_t images_max) {
  std::vector<ShownImage> out;
  for (const ItemView& series : ItemView(state).items(Tag{0x00081115})) {
    const SeriesUid uid(series.text(Tag{0x0020000E}));
    for (const ItemView& image : series.items(Tag{0x00081140})) {
      if (out.size() == images_max) {
        return make_error(Code::too_large, "the presentation state is made for more than " +
                                               std::to_string(images_max) + " images");
      }
      ShownImage one{uid, SopInstanceUid(image.text(Tag{0x00081155})), {}};
      for (const double frame : image.numbers(Tag{0x00081160})) {
        if (frame < 1 || frame > UINT32_MAX || frame != std::floor(frame)) {
          return refused("the presentation state names a frame that cannot be");
        }
        one.frames.push_back(static_cast<uint32_t>(frame));
      }
      out.push_back(std::move(one));
    }
  }
  if (out.empty()) return refused("the presentation state names no image");
  return out;
}

Result<std::vector<ShownImage>> shown_images(Imaging& imaging, const Principal& principal,
                                             const InstanceRow& state, uint32_t images_max) {
  MEDARC_ASSIGN(const Content content, imaging.dataset(principal, state, Form::explicit_le));
  Scanner scanner(Encoding::explicit_little, imaging.limits());
  MEDARC_TRY(scan_all(*content.source, scanner));
  return shown_images(scanner, images_max);
}

const ShownImage* find_shown(const std::vector<ShownImage>& images, const InstanceRow& image,
                             std::optional<uint32_t> frame) {
  const auto found = std::find_if(images.begin(), images.end(), [&](const ShownImage& one) {
    if (one.series != image.series || one.uid != image.uid) return false;
    return !frame || one.frames.empty() ||
           std::find(one.frames.begin(), one.frames.end(), *frame) != one.frames.end();
  });
  return found == images.end() ? nullptr : &*found;
}

Result<Presentation> read_presentation(const Scanner& scanner, std::string_view image,
                                       uint32_t index, const ImageAttributes& attributes,
                                       const RenderLimits& limits) {
  const ItemView state(scanner);
  const uint32_t number = index + 1;
  const FrameShape& shape = attributes.shape;
  const bool grey = shape.photometric == "MONOCHROME1" || shape.photometric == "MONOCHROME2";
  const std::string sop_class = state.text(Tag{0x00080016});
  Presentation out;
  if (sop_class == kColourPresentationState) out.kind = PresentationKind::colour;
  if (sop_class == kPseudoColourPresentationState) out.kind = PresentationKind::pseudo_colour;
  if (grey == (out.kind == PresentationKind::colour)) {
    return refused("the presentation state is not for images of this colour");
  }
  if (!state.items(kMasks).empty())
    return refused("masks of presentation states are not subtracted");
  if (grey) {
    MEDARC_ASSIGN(out.grey, read_grey(state, image, number, shape.is_signed));
    out.inverse = state.text(kPresentationLutShape) == "INVERSE";
  }
  if (out.kind == PresentationKind::pseudo_colour) {
    MEDARC_ASSIGN(out.palette, read_palette(state, false));
  }
  MEDARC_ASSIGN(out.orientation, read_orientation(state));
  MEDARC_ASSIGN(out.area, read_area(state, image, number, attributes));
  const std::vector<OverlayPlane> own = read_overlays(state, limits);
  MEDARC_ASSIGN(out.shutter, read_shutter(state, own, limits));
  out.overlays = activated(state, own, attributes.overlays);
  MEDARC_ASSIGN(out.annotations, read_annotations(state, image, number, limits));
  return out;
}

Result<Image> render_presented(const Frame& frame, const ImageAttributes& attributes,
                               uint32_t index, const Scanner& state, std::string_view image_uid,
                               const RenderRequest& request, const RenderLimits& limits) {
  MEDARC_TRY(check_frame(frame));
  MEDARC_ASSIGN(const Presentation shown,
                read_presentation(state, image_uid, index, attributes, limits));
  MEDARC_ASSIGN(const Projection projection,
                Projection::plan(frame.shape.columns, frame.shape.rows, shown.orientation,
                                 shown.area, request, limits));
  ImageAttributes own = attributes;
  own.inverse = shown.inverse;
  own.overlays = shown.overlays;
  Image image;
  if (shown.kind == PresentationKind::colour) {
    MEDARC_ASSIGN(image, render_colour(frame, own));
  } else {
    image = render_grey(frame, own, shown.grey);
    if (shown.palette) image = coloured(image, *shown.palette);
  }
  draw_shutter(shown.shutter, frame, shown.area.pixel_aspect, image);
  draw_overlays(own, frame, index, image);
  image = projection.apply(std::move(image));
  MEDARC_TRY(draw_annotations(shown.annotations, projection, limits, image));
  return image;
}

}  // namespace medarc::dicom

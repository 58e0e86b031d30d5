#include "dicom/render/attributes.h"

#include <algorithm>
#include <cmath>

namespace medarc::dicom {
namespace {

constexpr uint32_t kEdgeMax = 65535;
constexpr double kAspectMax = 20;  // beyond, the numbers are wrong rather than the pixels long

Error refused(std::string text) { return make_error(Code::not_acceptable, std::move(text)); }

bool is_grey(std::string_view photometric) {
  return photometric == "MONOCHROME1" || photometric == "MONOCHROME2";
}

Result<FrameShape> read_shape(const ItemView& d, bool is_float, const RenderLimits& limits) {
  FrameShape s;
  const int64_t rows = d.integer(Tag{0x00280010}).value_or(0);
  const int64_t columns = d.integer(Tag{0x00280011}).value_or(0);
  const int64_t samples = d.integer(Tag{0x00280002}).value_or(1);
  const int64_t allocated = is_float ? 32 : d.integer(Tag{0x00280100}).value_or(0);
  if (rows < 1 || columns < 1 || rows > kEdgeMax || columns > kEdgeMax) {
    return refused("Rows and Columns make no image");
  }
  if (static_cast<uint64_t>(rows * columns) > limits.input_pixels_max) {
    return make_error(Code::too_large, "the image has more than " +
                                           std::to_string(limits.input_pixels_max) + " pixels");
  }
  s.rows = static_cast<uint32_t>(rows);
  s.columns = static_cast<uint32_t>(columns);
  s.photometric = d.text(Tag{0x00280004});
  if (s.photometric.empty()) s.photometric = samples == 3 ? "RGB" : "MONOCHROME2";
  const bool one_sample = is_grey(s.photometric) || s.photometric == "PALETTE COLOR";
  if (samples != (one_sample ? 1 : 3)) {
    return refused("Samples per Pixel does not fit the Photometric Interpretation");
  }
  s.samples_per_pixel = static_cast<uint16_t>(samples);
  if (allocated != 1 && allocated != 8 && allocated != 16 && allocated != 32) {
    return refused("Bits Allocated is none of 1, 8, 16, 32");
  }
  if (allocated > 16 && !is_grey(s.photometric)) {
    return refused("colours of more than 16 bits a sample are not shown");
  }
  if (allocated == 1 && samples != 1) return refused("colours of 1 bit a sample are not shown");
  const int64_t stored = is_float ? 32 : d.integer(Tag{0x00280101}).value_or(allocated);
  if (stored < 1 || stored > allocated) return refused("Bits Stored does not fit Bits Allocated");
  int64_t high = d.integer(Tag{0x00280102}).value_or(stored - 1);
  if (high < stored - 1 || high >= allocated) high = stored - 1;
  s.bits_allocated = static_cast<uint16_t>(allocated);
  s.bits_stored = static_cast<uint16_t>(stored);
  s.high_bit = static_cast<uint16_t>(high);
  s.is_signed = d.integer(Tag{0x00280103}).value_or(0) == 1;
  s.planar = samples == 3 && d.integer(Tag{0x00280006}).value_or(0) == 1;
  return s;
}

// A pair of numbers as height / width; nullopt when they make no sense.
std::optional<double> ratio(const ItemView& item, Tag tag) {
  const auto pair = item.numbers(tag);
  if (pair.size() < 2 || pair[0] <= 0 || pair[1] <= 0) return std::nullopt;
  const double r = pair[0] / pair[1];
  if (r > kAspectMax || r < 1 / kAspectMax) return std::nullopt;
  return r;
}

double read_aspect(const ItemView& d, const std::optional<ItemView>& shared) {
  if (const auto r = ratio(d, Tag{0x00280034})) return *r;  // Pixel Aspect Ratio
  for (const uint32_t spacing : {0x00280030u, 0x00181164u, 0x00182010u}) {
    if (const auto r = ratio(d, Tag{spacing})) return *r;
  }
  if (shared) {
    if (const auto measures = shared->item(Tag{0x00289110})) {
      if (const auto r = ratio(*measures, Tag{0x00280030})) return *r;
    }
  }
  return 1;
}

double read_frame_ms(const ItemView& d) {
  double ms = d.number(Tag{0x00181063}).value_or(0);  // Frame Time
  for (const uint32_t rate : {0x00082144u, 0x00180040u}) {
    const double per_second = d.number(Tag{rate}).value_or(0);
    if (ms <= 0 && per_second > 0) ms = 1000 / per_second;
  }
  return ms <= 0 ? 100 : std::clamp(ms, 1.0, 60'000.0);
}

// An overlay that is not whole is left out: the image is worth showing without it.
std::optional<OverlayPlane> read_overlay(const ItemView& d, uint32_t group,
                                         const RenderLimits& limits) {
  const auto tag = [group](uint32_t element) { return Tag{group << 16 | element}; };
  OverlayPlane o;
  o.group = static_cast<uint16_t>(group);
  const int64_t rows = d.integer(tag(0x0010)).value_or(0);
  const int64_t columns = d.integer(tag(0x0011)).value_or(0);
  if (rows < 1 || columns < 1 || rows > kEdgeMax || columns > kEdgeMax) return std::nullopt;
  if (static_cast<uint64_t>(rows * columns) > limits.input_pixels_max) return std::nullopt;
  o.rows = static_cast<uint32_t>(rows);
  o.columns = static_cast<uint32_t>(columns);
  const auto origin = d.numbers(tag(0x0050));
  if (origin.size() >= 2) {
    o.top = static_cast<int32_t>(std::clamp(origin[0], -65536.0, 65536.0)) - 1;
    o.left = static_cast<int32_t>(std::clamp(origin[1], -65536.0, 65536.0)) - 1;
  }
  o.region = d.text(tag(0x0040)) == "R";
  const int64_t frames = d.integer(tag(0x0015)).value_or(0);
  const int64_t first = d.integer(tag(0x0051)).value_or(1);
  if (frames < 0 || first < 1 || frames > INT32_MAX || first > INT32_MAX) return std::nullopt;
  o.frames = static_cast<uint32_t>(frames);
  o.first_frame = static_cast<uint32_t>(first - 1);
  if (d.has(tag(0x3000))) {
    o.bits = d.words(tag(0x3000));
    const uint64_t wanted = uint64_t{o.rows} * o.columns * std::max(o.frames, 1u);
    if (o.bits.size() < (wanted + 7) / 8) return std::nullopt;
    return o;
  }
  const int64_t position = d.integer(tag(0x0102)).value_or(-1);
  if (position < 0 || position > 31) return std::nullopt;
  o.bit = static_cast<uint16_t>(position);
  o.frames = 0;  // each frame has its own, in its pixels
  return o;
}

}  // namespace

void apply_rescale(const ItemView& item, GreyTransform& out) {
  const auto slope = item.number(Tag{0x00281053}), intercept = item.number(Tag{0x00281052});
  if (!slope && !intercept) return;
  out.slope = slope.value_or(1);
  out.intercept = intercept.value_or(0);
  if (out.slope == 0) out.slope = 1;
  out.rescaled = true;
}

void apply_window(const ItemView& item, GreyTransform& out) {
  const auto centre = item.number(Tag{0x00281050}), width = item.number(Tag{0x00281051});
  if (!centre || !width) return;
  Window w{*centre, *width, VoiFunction::linear};
  const std::string function = item.text(Tag{0x00281056});
  if (function == "SIGMOID") w.function = VoiFunction::sigmoid;
  if (function == "LINEAR_EXACT") w.function = VoiFunction::linear_exact;
  // A width that the function has no meaning for is as good as none.
  if (w.width <= 0 || (w.function == VoiFunction::linear && w.width < 1)) return;
  out.window = w;
}

std::vector<OverlayPlane> read_overlays(const ItemView& d, const RenderLimits& limits) {
  std::vector<OverlayPlane> out;
  for (uint32_t group = 0x6000; group <= 0x601E; group += 2) {
    if (!d.has(Tag{group << 16 | 0x0010})) continue;
    if (auto overlay = read_overlay(d, group, limits)) out.push_back(std::move(*overlay));
  }
  return out;
}

Result<uint64_t> native_frame_bytes(const FrameShape& s) {
  const uint64_t cell = s.bits_allocated / 8;
  if (s.photometric == "YBR_FULL_422" || s.photometric == "YBR_PARTIAL_422") {
    return uint64_t{s.rows} * ((s.columns + 1) / 2) * 4 * cell;
  }
  for (const char* compressed_only : {"YBR_PARTIAL_420", "YBR_RCT", "YBR_ICT", "XYB"}) {
    if (s.photometric == compressed_only) {
      return refused(s.photometric + " is defined for compressed pixel data only");
    }
  }
  return s.frame_bytes();
}

Result<ImageAttributes> read_image(const Scanner& scanner, const RenderLimits& limits) {
  const auto& pixels = scanner.pixel_data();
  if (!pixels) return refused("the instance has no pixel data");
  const ItemView d(scanner);
  ImageAttributes out;
  out.is_float = pixels->tag.value != 0x7FE00010;
  MEDARC_ASSIGN(out.shape, read_shape(d, out.is_float, limits));
  FrameShape& s = out.shape;
  if (pixels->tag.value == 0x7FE00009) s.bits_allocated = s.bits_stored = 64;
  if (out.is_float) {
    if (!is_grey(s.photometric)) return refused("float pixels are shown in grey only");
    s.high_bit = static_cast<uint16_t>(s.bits_stored - 1);
    s.is_signed = true;
  }
  out.inverse = s.photometric == "MONOCHROME1" || d.text(Tag{0x20500020}) == "INVERSE";
  if (s.photometric == "PALETTE COLOR") {
    MEDARC_ASSIGN(out.palette, read_palette(d, s.is_signed));
  }
  if (!out.is_float) {
    out.padding = d.integer(Tag{0x00280120});
    out.padding_limit = d.integer(Tag{0x00280121});
  }
  out.shared = d.item(Tag{0x52009229});
  out.per_frame = d.items(Tag{0x52009230});
  out.pixel_aspect = read_aspect(d, out.shared);
  if (out.pixel_aspect == 1 && !out.per_frame.empty()) {
    out.pixel_aspect = read_aspect(out.per_frame.front(), out.per_frame.front());
  }
  if (const auto frame = d.integer(Tag{0x00286010}); frame && *frame > 0 && *frame < INT32_MAX) {
    out.representative_frame = static_cast<uint32_t>(*frame);
  }
  out.frame_ms = read_frame_ms(d);
  out.overlays = read_overlays(d, limits);
  return out;
}

Result<GreyTransform> grey_of_frame(const ItemView& d, const ImageAttributes& image,
                                    uint32_t index) {
  GreyTransform out;
  std::vector<ItemView> groups;  // the more special ones later
  if (image.shared) groups.push_back(*image.shared);
  if (index < image.per_frame.size()) groups.push_back(image.per_frame[index]);
  apply_rescale(d, out);
  apply_window(d, out);
  for (const ItemView& group : groups) {
    if (const auto values = group.item(Tag{0x00289145})) apply_rescale(*values, out);
    if (const auto window = group.item(Tag{0x00289132})) apply_window(*window, out);
  }
  const bool is_signed = image.shape.is_signed;
  if (const auto table = d.item(Tag{0x00283000})) {
    MEDARC_ASSIGN(out.modality, read_lut(*table, Tag{0x00283002}, Tag{0x00283006}, is_signed));
  }
  if (const auto table = d.item(Tag{0x00283010}); table && !out.window) {
    const bool may_be_negative = !out.modality && (is_signed || out.intercept < 0);
    MEDARC_ASSIGN(out.voi, read_lut(*table, Tag{0x00283002}, Tag{0x00283006}, may_be_negative));
  }
  return out;
}

}  // namespace medarc::dicom

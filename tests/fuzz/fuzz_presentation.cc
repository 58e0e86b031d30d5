// A stranger's presentation state on an image of ours: its references, tables, area, shutters,
// overlays and annotations. The first octet chooses the image and the request, the second the
// limits; the rest is an explicit little endian dataset.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dicom/render/presentation.h"
#include "dicom/scanner.h"
#include "tests/support/picture_maker.h"

using namespace medarc;
using namespace medarc::dicom;

namespace {

Bytes image_of(bool colour) {
  test::PictureMaker maker(16, 12);
  Bytes pixels;
  for (int i = 0; i < 16 * 12 * (colour ? 3 : 1); ++i) pixels += static_cast<char>(i);
  if (colour) maker.photometric("RGB", 3);
  return maker.pixels(pixels).uids("2.25.1", "2.25.2", "2.25.3").dataset();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = load_dictionary().has_value();
  if (!loaded) std::abort();
  if (size < 2) return 0;
  Limits scan_limits;
  scan_limits.header_bytes_max = 1u << 20;
  RenderLimits limits;
  limits.input_pixels_max = 1 << 16;
  limits.output_pixels_max = (data[1] & 1) != 0 ? 1 << 16 : 300;
  limits.annotation_work_max = (data[1] & 2) != 0 ? 1 << 20 : 1 << 10;
  if ((data[1] & 4) != 0) limits.font_file.clear();
  const ByteView bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  Scanner state(Encoding::explicit_little, scan_limits);
  if (state.feed(bytes).has_error() || state.finish().has_error()) return 0;
  const auto images = shown_images(state, 100);
  if (images.has_value() && (images->empty() || images->size() > 100)) std::abort();

  const bool colour = (data[0] & 1) != 0;
  const Bytes dataset = image_of(colour);
  Scanner scanner(Encoding::explicit_little, scan_limits);
  if (scanner.feed(dataset).has_error() || scanner.finish().has_error()) std::abort();
  const auto attributes = read_image(scanner, limits);
  if (attributes.has_error()) std::abort();
  const Frame frame{attributes->shape, dataset.substr(scanner.pixel_data()->offset)};
  RenderRequest request;
  if ((data[0] & 2) != 0) request.width_max = 1 + data[0] / 8;
  if ((data[0] & 4) != 0) request.region = Region{1, 2, 5, 0, false};
  const auto image = render_presented(frame, *attributes, 0, state, "2.25.3", request, limits);
  if (image.has_error()) {
    if (image.error().text.empty()) std::abort();
    return 0;
  }
  const uint64_t pixels = uint64_t{image->width} * image->height;
  if (pixels == 0 || pixels > limits.output_pixels_max) std::abort();
  if (image->pixels.size() != pixels * image->channels) std::abort();
  return 0;
}

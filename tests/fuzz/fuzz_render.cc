// Rendering of what a stranger stored: attributes, look-up tables, palettes, overlays, samples, and
// the content tree of reports. The first octet chooses the request, the second the limits; the rest
// is an explicit little endian dataset.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dicom/frame_table.h"
#include "dicom/render/encode.h"
#include "dicom/render/pipeline.h"
#include "dicom/render/report.h"
#include "dicom/scanner.h"

using namespace medarc;
using namespace medarc::dicom;

namespace {

RenderRequest request_of(uint8_t choice) {
  RenderRequest r;
  if ((choice & 1) != 0) r.window = Window{40, 400, static_cast<VoiFunction>(choice / 2 % 3)};
  if ((choice & 8) != 0) r.width_max = 1 + choice / 16;
  if ((choice & 16) != 0) r.height_max = 40;
  if ((choice & 32) != 0) r.region = Region{0.25, 0.5, -0.5, 0.3, true};
  if ((choice & 64) != 0) r.region = Region{1, 2, 3.5, -4, false};
  r.enlarge = (choice & 128) == 0;
  return r;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool loaded = load_dictionary().has_value();
  if (!loaded) std::abort();
  if (size < 2) return 0;
  Limits scan_limits;
  scan_limits.header_bytes_max = 1u << 20;
  RenderLimits limits;
  limits.input_pixels_max = (data[1] & 1) != 0 ? 64 : 1 << 16;
  limits.output_pixels_max = (data[1] & 2) != 0 ? 100 : 1 << 16;
  const ByteView dataset(reinterpret_cast<const char*>(data) + 2, size - 2);
  Scanner scanner(Encoding::explicit_little, scan_limits);
  if (scanner.feed(dataset).has_error() || scanner.finish().has_error()) return 0;

  const auto page = report_html(scanner, 1 << 16);
  if (page.has_value() && page->find("<script") != Bytes::npos) std::abort();

  const auto attributes = read_image(scanner, limits);
  if (attributes.has_error()) {
    if (attributes.error().text.empty()) std::abort();
    return 0;
  }
  const FrameTable table = FrameTable::make(scanner, nullptr);
  if (table.encapsulated()) return 0;
  const RenderRequest request = request_of(data[0]);
  for (uint32_t i = 0; i < std::min(table.frames_count(), 3u); ++i) {
    const FrameTable::BitRange bits = table.native_bits(i);
    const Frame frame{attributes->shape,
                      Bytes(dataset.substr(bits.begin / 8, (bits.length + 7) / 8))};
    auto image = render_frame(frame, ItemView(scanner), *attributes, i, request, limits);
    if (image.has_error()) continue;
    const uint64_t pixels = uint64_t{image->width} * image->height;
    if (pixels == 0 || pixels > limits.output_pixels_max) std::abort();
    if (image->pixels.size() != pixels * image->channels) std::abort();
    if (request.width_max != 0 && image->width > request.width_max) std::abort();
    if (encode_jpeg(*image, 1 + data[1] % 100).has_error()) std::abort();
    if (encode_png(*image).has_error()) std::abort();
    const auto gif = encode_gif(1, 0, [&](uint32_t) -> Result<Image> { return *image; });
    if (gif.has_error()) std::abort();
  }
  return 0;
}

#include "dicom/pixel/codecs/j2k_header.h"

namespace medarc::dicom::codec {
namespace {

constexpr size_t kSizBytes = 38;  // of the segment before its components, length included
constexpr uint32_t kTilesMax = 65535;
constexpr uint8_t kPrecisionMax = 16;

}  // namespace

Result<J2kHeader> read_j2k_header(ByteView bytes, const FrameShape& declared) {
  const auto damaged = [](const char* text) { return make_error(Code::corrupt, text); };
  static constexpr ByteView kStart("\xFF\x4F\xFF\x51", 4), kBox("\0\0\0\x0CjP  ", 8);
  if (bytes.starts_with(kBox)) {
    const size_t at = bytes.find(kStart);
    if (at != ByteView::npos) bytes.remove_prefix(at);
  }
  if (!bytes.starts_with(kStart)) return damaged("the frame is no JPEG 2000 codestream");
  const auto read = [&](size_t at, size_t width) {
    uint32_t v = 0;
    for (size_t i = 0; i < width; ++i) v = v << 8 | static_cast<uint8_t>(bytes[at + i]);
    return v;
  };
  if (bytes.size() < 4 + kSizBytes) return damaged("the JPEG 2000 codestream is cut short");
  const uint64_t width = read(8, 4), height = read(12, 4), x = read(16, 4), y = read(20, 4);
  const uint64_t tile_width = read(24, 4), tile_height = read(28, 4);
  const uint64_t tile_x = read(32, 4), tile_y = read(36, 4);
  J2kHeader out;
  out.codestream = bytes;
  out.components = static_cast<uint16_t>(read(40, 2));
  if (read(4, 2) != kSizBytes + 3u * out.components ||
      bytes.size() < 42 + 3 * size_t{out.components} || x >= width || y >= height) {
    return damaged("the JPEG 2000 codestream has a damaged header");
  }
  if (width - x != declared.columns || height - y != declared.rows ||
      out.components != declared.samples_per_pixel) {
    return damaged("the JPEG 2000 codestream has another size than the attributes");
  }
  out.columns = declared.columns;
  out.rows = declared.rows;
  if (tile_width == 0 || tile_height == 0 || tile_x > x || tile_y > y) {
    return damaged("the JPEG 2000 codestream has impossible tiles");
  }
  const uint64_t across = (width - tile_x + tile_width - 1) / tile_width;
  const uint64_t down = (height - tile_y + tile_height - 1) / tile_height;
  // Decoders take memory for each tile before they see one.
  if (across * down > kTilesMax || across * down > bytes.size()) {
    return damaged("the JPEG 2000 codestream claims more tiles than it has");
  }
  for (size_t c = 0; c < out.components; ++c) {
    const uint32_t bits = read(42 + 3 * c, 1);
    const auto precision = static_cast<uint8_t>((bits & 0x7F) + 1);
    if (c == 0) out.precision = precision;
    if (precision != out.precision || read(43 + 3 * c, 1) != 1 || read(44 + 3 * c, 1) != 1) {
      return make_error(Code::unsupported, "the JPEG 2000 components differ in size or bits");
    }
  }
  const bool fits =
      declared.bits_allocated == 1 ? out.precision == 1 : out.precision <= declared.bits_allocated;
  if (!fits) return damaged("the JPEG 2000 codestream has other bits than the attributes");
  if (out.precision > kPrecisionMax) {
    return make_error(Code::unsupported, "JPEG 2000 of more than 16 bits");
  }
  return out;
}

}  // namespace medarc::dicom::codec

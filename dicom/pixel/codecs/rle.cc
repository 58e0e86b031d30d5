#include "dicom/pixel/codecs/rle.h"

namespace medarc::dicom::codec {
namespace {

constexpr size_t kHeaderBytes = 64, kSegmentsMax = 15;

uint32_t read32(ByteView bytes, size_t at) {
  uint32_t v = 0;
  for (size_t i = 4; i-- > 0;) v = v << 8 | static_cast<uint8_t>(bytes[at + i]);
  return v;
}

void put32(Bytes& out, size_t at, size_t v) {
  for (size_t i = 0; i < 4; ++i) out[at + i] = static_cast<char>(v >> 8 * i);
}

// Byte plane `segment` of a frame: where its first byte lies, and how far apart they are.
struct Plane {
  size_t first = 0, stride = 0, bytes = 0;
};
Plane plane_of(const FrameShape& shape, size_t segment) {
  if (shape.bits_allocated == 1) return {0, 1, shape.frame_bytes()};  // eight pixels a byte
  const size_t width = shape.bits_allocated / 8, pixels = size_t{shape.rows} * shape.columns;
  const size_t component = segment / width, significance = width - 1 - segment % width;
  if (shape.planar) return {component * pixels * width + significance, width, pixels};
  return {component * width + significance, width * shape.samples_per_pixel, pixels};
}

bool decode_segment(ByteView in, const Plane& plane, std::span<char> out) {
  size_t done = 0, at = 0, to = plane.first;
  while (done < plane.bytes) {
    if (at >= in.size()) return false;
    const auto control = static_cast<int8_t>(in[at++]);
    if (control == -128) continue;
    const size_t count = control >= 0 ? size_t(control) + 1 : size_t(1 - control);
    if (at + (control >= 0 ? count : 1) > in.size()) return false;
    // Some writers let the last run go on into the padding.
    const size_t n = std::min(count, plane.bytes - done);
    for (size_t i = 0; i < n; ++i, to += plane.stride) {
      out[to] = in[control >= 0 ? at + i : at];
    }
    at += control >= 0 ? count : 1;
    done += n;
  }
  return true;
}

// One row of a plane; a run never goes over its end (PS3.5 G.3.1).
void encode_row(ByteView row, Bytes& out) {
  size_t at = 0;
  while (at < row.size()) {
    size_t run = 1;
    while (at + run < row.size() && run < 128 && row[at + run] == row[at]) ++run;
    if (run >= 2) {
      out += static_cast<char>(1 - static_cast<int>(run));
      out += row[at];
      at += run;
      continue;
    }
    size_t end = at + 1;  // up to the next run of three
    while (end < row.size() && end - at < 128 &&
           !(end + 2 < row.size() && row[end] == row[end + 1] && row[end] == row[end + 2])) {
      ++end;
    }
    out += static_cast<char>(end - at - 1);
    out.append(row.substr(at, end - at));
    at = end;
  }
}

Result<size_t> segments_of(const FrameShape& shape) {
  if (shape.bits_allocated == 1 && shape.samples_per_pixel == 1) return size_t{1};
  const size_t segments = size_t{shape.samples_per_pixel} * (shape.bits_allocated / 8);
  if (shape.bits_allocated % 8 != 0 || segments == 0 || segments > kSegmentsMax) {
    return make_error(Code::unsupported, "RLE has no such bits or samples");
  }
  return segments;
}

}  // namespace

Result<FrameShape> decode_rle(const FrameShape& declared, ByteView codestream,
                              std::span<char> out) {
  MEDARC_ASSIGN(const size_t segments, segments_of(declared));
  if (codestream.size() < kHeaderBytes) return make_error(Code::corrupt, "no RLE header");
  if (read32(codestream, 0) != segments) {
    return make_error(Code::corrupt, "the number of RLE segments does not fit the attributes");
  }
  for (size_t i = 0; i < segments; ++i) {
    const size_t begin = read32(codestream, 4 + 4 * i);
    const size_t end = i + 1 < segments ? read32(codestream, 8 + 4 * i) : codestream.size();
    if (begin < kHeaderBytes || begin > end || end > codestream.size()) {
      return make_error(Code::corrupt, "RLE segments outside the frame or out of order");
    }
    if (!decode_segment(codestream.substr(begin, end - begin), plane_of(declared, i), out)) {
      return make_error(Code::corrupt, "an RLE segment ends early");
    }
  }
  return declared;
}

Result<Encoded> encode_rle(const FrameShape& shape, ByteView pixels) {
  MEDARC_ASSIGN(const size_t segments, segments_of(shape));
  if (shape.bits_allocated == 1) {
    return make_error(Code::unsupported, "RLE of single bits is read only");
  }
  Bytes out(kHeaderBytes, '\0');
  put32(out, 0, segments);
  Bytes row(shape.columns, '\0');
  for (size_t i = 0; i < segments; ++i) {
    put32(out, 4 + 4 * i, out.size());
    const Plane plane = plane_of(shape, i);
    size_t at = plane.first;
    for (uint32_t r = 0; r < shape.rows; ++r) {
      for (char& byte : row) {
        byte = pixels[at];
        at += plane.stride;
      }
      encode_row(row, out);
    }
    if (out.size() % 2 != 0) out += '\0';
    if (out.size() > UINT32_MAX) return make_error(Code::too_large, "over 4 GiB as RLE");
  }
  return Encoded{std::move(out), shape.photometric};
}

}  // namespace medarc::dicom::codec

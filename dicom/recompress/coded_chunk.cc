#include "dicom/recompress/coded_chunk.h"

#include <algorithm>

#include "base/codec.h"

namespace medarc::dicom {
namespace {

constexpr std::string_view kHtj2kLossless = "1.2.840.10008.1.2.4.201";

// Values of two and more share colour samples (PS3.3 C.7.6.3.1.2): no plain grid of samples.
bool is_subsampled(const FrameShape& shape) {
  return shape.photometric.ends_with("_422") || shape.photometric.ends_with("_420");
}

std::string photometric_of(uint16_t samples, bool rgb) {
  return samples == 1 ? "MONOCHROME2" : rgb ? "RGB" : "YBR_FULL";
}

}  // namespace

std::optional<ChunkRows> rows_in_chunk(const PixelPlace& place, ByteRange chunk) {
  ChunkRows out;
  out.shape = place.shape;
  const bool rgb = place.shape.photometric == "RGB" && !place.shape.planar;
  if (place.shape.planar) out.shape.samples_per_pixel = 1;
  out.shape.planar = false;
  out.shape.photometric = photometric_of(out.shape.samples_per_pixel, rgb);
  if (is_subsampled(place.shape) || !can_encode(kHtj2kLossless, out.shape)) return std::nullopt;
  const uint64_t row_bytes =
      uint64_t{out.shape.columns} * out.shape.samples_per_pixel * (out.shape.bits_allocated / 8);
  const uint64_t from = std::max(chunk.begin, place.range.begin) - place.range.begin;
  const uint64_t until = std::min(chunk.end(), place.range.end());
  if (until <= place.range.begin) return std::nullopt;
  const uint64_t first = (from + row_bytes - 1) / row_bytes;
  const uint64_t last = (until - place.range.begin) / row_bytes;
  if (last <= first) return std::nullopt;
  out.shape.rows = static_cast<uint32_t>(std::min<uint64_t>(last - first, kCodedRowsMax));
  out.pixels = {place.range.begin + first * row_bytes - chunk.begin, out.shape.rows * row_bytes};
  if (out.pixels.length < kCodedBytesMin) return std::nullopt;
  return out;
}

Bytes encode(const CodedParts& p) {
  Encoder out;
  out.varint(kCodedFirstByte);
  for (const uint32_t v : {p.shape.rows, p.shape.columns, uint32_t{p.shape.samples_per_pixel},
                           uint32_t{p.shape.bits_allocated}, uint32_t{p.shape.bits_stored},
                           uint32_t{p.shape.high_bit}, uint32_t{p.shape.is_signed}}) {
    out.varint(v);
  }
  out.bytes(p.before);
  out.bytes(p.behind);
  out.bytes(p.codestream);
  return out.take();
}

Result<CodedParts> decode_coded(ByteView bytes) {
  Decoder in(bytes);
  bool good = in.varint() == kCodedFirstByte;
  const auto number = [&](uint64_t max) {
    const uint64_t v = in.varint();
    good = good && v <= max;
    return v;
  };
  CodedParts out;
  out.shape.rows = static_cast<uint32_t>(number(kCodedRowsMax));
  out.shape.columns = static_cast<uint32_t>(number(UINT16_MAX));
  out.shape.samples_per_pixel = static_cast<uint16_t>(number(3));
  out.shape.bits_allocated = static_cast<uint16_t>(number(16));
  out.shape.bits_stored = static_cast<uint16_t>(number(UINT16_MAX));
  out.shape.high_bit = static_cast<uint16_t>(number(UINT16_MAX));
  out.shape.is_signed = number(1) == 1;
  out.shape.photometric = photometric_of(out.shape.samples_per_pixel, true);
  out.before = in.bytes();
  out.behind = in.bytes();
  out.codestream = in.bytes();
  if (!good || !in.at_end() || out.codestream.empty() || !can_encode(kHtj2kLossless, out.shape)) {
    return make_error(Code::corrupt, "a coded chunk that cannot be read");
  }
  return out;
}

Result<Bytes> encode_chunk(CodecPool& codecs, const ChunkRows& rows, ByteView chunk) {
  const Frame frame{rows.shape, Bytes(chunk.substr(rows.pixels.begin, rows.pixels.length))};
  MEDARC_ASSIGN(const CodecPool::Encoded made, codecs.encode(kHtj2kLossless, frame));
  return encode(CodedParts{rows.shape, chunk.substr(0, rows.pixels.begin),
                           chunk.substr(rows.pixels.end()), made.codestream});
}

Result<Bytes> ChunkDecoder::decode(ByteView coded, uint32_t plain_length) {
  MEDARC_ASSIGN(const CodedParts parts, decode_coded(coded));
  if (parts.before.size() + parts.shape.frame_bytes() + parts.behind.size() != plain_length) {
    return make_error(Code::corrupt, "a coded chunk of another length");
  }
  auto frame = codecs_.decode(kHtj2kLossless, {}, parts.shape, parts.codestream);
  if (frame.has_error() && frame.error().code == Code::corrupt) {
    frame = codecs_.decode(kHtj2kLossless, {}, parts.shape, parts.codestream);
  }
  if (frame.has_error()) return frame.error();
  Bytes out;
  out.reserve(plain_length);
  out.append(parts.before).append(frame->pixels).append(parts.behind);
  return out;
}

}  // namespace medarc::dicom

#include "dicom/pixel/codecs/jpegls.h"

#include <charls/charls.h>

#include "dicom/pixel/codecs/samples.h"

namespace medarc::dicom::codec {

namespace {

// The library reads on for half a minute, finding zeros, in a scan that was cut short. In a scan FF
// is never followed by a byte above 7F.
bool has_end(ByteView codestream) { return codestream.rfind("\xFF\xD9") != ByteView::npos; }

// Some writers fill up with zeros before the end marker, not behind it; the library takes no such
// bytes for the end of a scan.
Bytes without_filling(ByteView codestream) {
  const size_t end = codestream.rfind("\xFF\xD9");
  if (end == ByteView::npos) return Bytes(codestream);
  size_t last = end;
  while (last > 0 && codestream[last - 1] == '\0') --last;
  return Bytes(codestream.substr(0, last)) + "\xFF\xD9";
}

FrameShape decode_to(const charls::jpegls_decoder& decoder, const FrameShape& declared,
                     std::span<char> out) {
  FrameShape shape = declared;
  const auto precision = static_cast<unsigned>(decoder.frame_info().bits_per_sample);
  shape.planar =
      shape.samples_per_pixel > 1 && decoder.interleave_mode() == charls::interleave_mode::none;
  const size_t width = precision <= 8 ? 1 : 2;
  if (width * 8 == declared.bits_allocated) {
    decoder.decode(out.data(), out.size());
    widen({out.data(), out.size()}, width, precision, shape, out);
    return shape;
  }
  Bytes narrow(decoder.destination_size(), '\0');
  decoder.decode(narrow.data(), narrow.size());
  widen(narrow, width, precision, shape, out);
  return shape;
}

}  // namespace

Result<FrameShape> decode_jpegls(const FrameShape& declared, ByteView codestream,
                                 std::span<char> out) try {
  if (!has_end(codestream)) {
    return make_error(Code::corrupt, "the JPEG-LS codestream ends early");
  }
  const charls::jpegls_decoder decoder(codestream, true);
  const charls::frame_info& info = decoder.frame_info();
  if (info.height != declared.rows || info.width != declared.columns ||
      info.component_count != declared.samples_per_pixel) {
    return make_error(Code::corrupt, "the JPEG-LS codestream has another size than the attributes");
  }
  if (declared.bits_allocated != 8 && declared.bits_allocated != 16) {
    return make_error(Code::unsupported, "JPEG-LS has no such Bits Allocated");
  }
  if (info.bits_per_sample > declared.bits_allocated) {
    return make_error(Code::corrupt, "the JPEG-LS codestream has other bits than the attributes");
  }
  try {
    return decode_to(decoder, declared, out);
  } catch (const charls::jpegls_error&) {
    const Bytes repaired = without_filling(codestream);
    if (repaired.size() >= codestream.size()) throw;
    return decode_to(charls::jpegls_decoder(repaired, true), declared, out);
  }
} catch (const charls::jpegls_error& e) {
  return make_error(Code::corrupt, std::string("the JPEG-LS codestream: ") + e.what());
}

Result<Encoded> encode_jpegls(const FrameShape& shape, ByteView pixels) {
  return encode_jpegls_near(shape, pixels, 0);
}

Result<Encoded> encode_jpegls_near(const FrameShape& shape, ByteView pixels,
                                   uint32_t error_max) try {
  if ((shape.bits_allocated != 8 && shape.bits_allocated != 16) || shape.samples_per_pixel > 4) {
    return make_error(Code::unsupported, "JPEG-LS has no such bits or samples");
  }
  // CharLS begins at 2 bits.
  const unsigned precision = std::max(2u, precision_needed(shape, pixels));
  const size_t width = precision <= 8 ? 1 : 2, pixel_count = size_t{shape.rows} * shape.columns;
  const uint32_t mask = (1u << precision) - 1;
  Bytes interleaved(pixel_count * shape.samples_per_pixel * width, '\0');
  size_t to = 0;
  for (size_t p = 0; p < pixel_count; ++p) {
    for (size_t c = 0; c < shape.samples_per_pixel; ++c, ++to) {
      const uint32_t v = get_sample(pixels, shape.bits_allocated, sample_index(shape, p, c));
      put_sample(interleaved, static_cast<uint16_t>(width * 8), to, static_cast<int32_t>(v & mask));
    }
  }
  charls::jpegls_encoder encoder;
  encoder.frame_info({shape.columns, shape.rows, static_cast<int32_t>(precision),
                      static_cast<int32_t>(shape.samples_per_pixel)});
  encoder.interleave_mode(shape.samples_per_pixel == 1 ? charls::interleave_mode::none
                                                       : charls::interleave_mode::line);
  // The standard's bounds (ISO 14495-1, C.2.3).
  encoder.near_lossless(static_cast<int32_t>(std::min({error_max, mask / 2, 255u})));
  // The estimate is of what images become; noise may need more.
  Bytes out(encoder.estimated_destination_size() + interleaved.size() / 2, '\0');
  encoder.destination(out);
  out.resize(encoder.encode(interleaved));
  return Encoded{std::move(out), shape.photometric};
} catch (const charls::jpegls_error& e) {
  return make_error(Code::unsupported, std::string("the JPEG-LS encoder: ") + e.what());
}

}  // namespace medarc::dicom::codec

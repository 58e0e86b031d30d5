#include "dicom/pixel/codecs/jpegls.h"

#include <charls/charls.h>

#include "dicom/pixel/codecs/samples.h"

namespace medarc::dicom::codec {

Result<FrameShape> decode_jpegls(const FrameShape& declared, ByteView codestream,
                                 std::span<char> out) try {
  charls::jpegls_decoder decoder(codestream, true);
  const charls::frame_info& info = decoder.frame_info();
  if (info.height != declared.rows || info.width != declared.columns ||
      info.component_count != declared.samples_per_pixel) {
    return make_error(Code::corrupt, "the JPEG-LS codestream has another size than the attributes");
  }
  if (declared.bits_allocated != 8 && declared.bits_allocated != 16) {
    return make_error(Code::unsupported, "JPEG-LS has no such Bits Allocated");
  }
  const auto precision = static_cast<unsigned>(info.bits_per_sample);
  if (precision > declared.bits_allocated) {
    return make_error(Code::corrupt, "the JPEG-LS codestream has other bits than the attributes");
  }
  FrameShape shape = declared;
  shape.planar =
      info.component_count > 1 && decoder.interleave_mode() == charls::interleave_mode::none;
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
} catch (const charls::jpegls_error& e) {
  return make_error(Code::corrupt, std::string("the JPEG-LS codestream: ") + e.what());
}

Result<Encoded> encode_jpegls(const FrameShape& shape, ByteView pixels) try {
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
  // The estimate is of what images become; noise may need more.
  Bytes out(encoder.estimated_destination_size() + interleaved.size() / 2, '\0');
  encoder.destination(out);
  out.resize(encoder.encode(interleaved));
  return Encoded{std::move(out), shape.photometric};
} catch (const charls::jpegls_error& e) {
  return make_error(Code::unsupported, std::string("the JPEG-LS encoder: ") + e.what());
}

}  // namespace medarc::dicom::codec

#include "dicom/pixel/codecs/jpeg.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>
#include <dcmtk/dcmjpeg/djdijg16.h>
#include <dcmtk/dcmjpeg/djdijg8.h>
#include <dcmtk/dcmjpeg/djeijg12.h>
#include <dcmtk/dcmjpeg/djeijg16.h>
#include <dcmtk/dcmjpeg/djeijg8.h>

#include <algorithm>
#include <memory>

#include "dicom/pixel/codecs/jpeg_header.h"
#include "dicom/pixel/codecs/samples.h"

namespace medarc::dicom::codec {
namespace {

constexpr uint8_t kLosslessProcess = 3;

// Which build of the library has this many bits.
enum class Build { bits8, bits12, bits16 };
Build build_for(unsigned precision) {
  return precision <= 8 ? Build::bits8 : precision <= 12 ? Build::bits12 : Build::bits16;
}

const DJCodecParameter& parameters() {
  static const DJCodecParameter p(ECC_lossyYCbCr, EDC_photometricInterpretation, EUC_never,
                                  EPC_colorByPixel);
  return p;
}

// Colour of a lossy codestream. What it says itself goes before what the dataset says, which is
// often wrong; identifiers of components and JFIF say it as well as Adobe's marker.
bool is_ycbcr(const JpegHeader& header, const FrameShape& declared) {
  if (header.components != 3 || header.process == kLosslessProcess) return false;
  if (header.adobe_transform) return *header.adobe_transform == 1;
  if (header.names_rgb) return false;
  return header.jfif || declared.photometric.starts_with("YBR");
}

// The library goes on after damage with a warning and pixels of its own making.
template <class Base>
class Watched final : public Base {
 public:
  Watched(bool ycbcr, bool& warned)
      : Base(parameters(), ycbcr ? OFTrue : OFFalse), warned_(warned) {}
  void emitMessage(int level) const override {
    if (level < 0) warned_ = true;
  }

 private:
  bool& warned_;
};

std::unique_ptr<DJDecoder> decoder_for(unsigned precision, bool ycbcr, bool& warned) {
  switch (build_for(precision)) {
    case Build::bits8: return std::make_unique<Watched<DJDecompressIJG8Bit>>(ycbcr, warned);
    case Build::bits12: return std::make_unique<Watched<DJDecompressIJG12Bit>>(ycbcr, warned);
    case Build::bits16: break;
  }
  return std::make_unique<Watched<DJDecompressIJG16Bit>>(ycbcr, warned);
}

std::unique_ptr<DJEncoder> encoder_for(unsigned precision) {
  constexpr int kSelectionValue = 1, kPointTransform = 0;
  switch (build_for(precision)) {
    case Build::bits8:
      return std::make_unique<DJCompressIJG8Bit>(parameters(), EJM_lossless, kSelectionValue,
                                                 kPointTransform);
    case Build::bits12:
      return std::make_unique<DJCompressIJG12Bit>(parameters(), EJM_lossless, kSelectionValue,
                                                  kPointTransform);
    case Build::bits16: break;
  }
  return std::make_unique<DJCompressIJG16Bit>(parameters(), EJM_lossless, kSelectionValue,
                                              kPointTransform);
}

// `photometric`: of what is made.
Result<Encoded> encode_by(DJEncoder& encoder, const FrameShape& shape, ByteView pixels,
                          EP_Interpretation colour, std::string photometric) {
  const size_t width = encoder.bytesPerSample(), pixel_count = size_t{shape.rows} * shape.columns;
  Bytes interleaved(pixel_count * shape.samples_per_pixel * width, '\0');
  const uint32_t mask = (1u << encoder.bitsPerSample()) - 1;
  const auto out_bits = static_cast<uint16_t>(width * 8);
  size_t to = 0;
  for (size_t p = 0; p < pixel_count; ++p) {
    for (size_t c = 0; c < shape.samples_per_pixel; ++c, ++to) {
      const uint32_t v = get_sample(pixels, shape.bits_allocated, sample_index(shape, p, c));
      put_sample(interleaved, out_bits, to, static_cast<int32_t>(v & mask));
    }
  }
  Uint8* made = nullptr;
  Uint32 made_bytes = 0;
  const auto columns = static_cast<Uint16>(shape.columns), rows = static_cast<Uint16>(shape.rows);
  const OFCondition answer =
      width == 1 ? encoder.encode(columns, rows, colour, shape.samples_per_pixel,
                                  reinterpret_cast<Uint8*>(interleaved.data()), made, made_bytes)
                 : encoder.encode(columns, rows, colour, shape.samples_per_pixel,
                                  reinterpret_cast<Uint16*>(interleaved.data()), made, made_bytes);
  const std::unique_ptr<Uint8[]> owned(made);
  if (answer.bad() || made == nullptr) {
    return make_error(Code::unsupported, "the JPEG encoder refused the frame");
  }
  return Encoded{Bytes(reinterpret_cast<const char*>(made), made_bytes), std::move(photometric)};
}

Status check(const JpegHeader& header, const FrameShape& declared) {
  if (header.rows != declared.rows || header.columns != declared.columns ||
      header.components != declared.samples_per_pixel) {
    return make_error(Code::corrupt, "the JPEG codestream has another size than the attributes");
  }
  if (declared.bits_allocated != 8 && declared.bits_allocated != 16) {
    return make_error(Code::unsupported, "JPEG has no such Bits Allocated");
  }
  if (header.precision < 2 || header.precision > declared.bits_allocated) {
    return make_error(Code::corrupt, "the JPEG codestream has other bits than the attributes");
  }
  return {};
}

}  // namespace

Result<FrameShape> decode_jpeg(const FrameShape& declared, ByteView codestream,
                               std::span<char> out) {
  MEDARC_ASSIGN(const JpegHeader header, read_jpeg_header(codestream));
  MEDARC_TRY(check(header, declared));
  const bool ycbcr = is_ycbcr(header, declared);
  bool warned = false;
  const auto decoder = decoder_for(header.precision, ycbcr, warned);
  const size_t width = decoder->bytesPerSample();
  Bytes wide;  // of 8-bit samples in 16, or the other way round
  std::span<char> to = out;
  if (width * 8 != declared.bits_allocated) {
    wide.resize(size_t{declared.rows} * declared.columns * declared.samples_per_pixel * width);
    to = wide;
  }
  if (to.size() > UINT32_MAX || codestream.size() > UINT32_MAX) {
    return make_error(Code::unsupported, "a JPEG frame over 4 GiB");
  }
  if (decoder->init().bad()) return make_error(Code::too_large, "no memory for the JPEG decoder");
  auto* pixels = reinterpret_cast<Uint8*>(to.data());
  const auto pixel_bytes = static_cast<Uint32>(to.size());
  auto* in = const_cast<Uint8*>(reinterpret_cast<const Uint8*>(codestream.data()));
  OFCondition answer =
      decoder->decode(in, static_cast<Uint32>(codestream.size()), pixels, pixel_bytes, OFFalse);
  if (answer == EJ_Suspension) {  // some writers leave the end marker out
    Uint8 end[] = {0xFF, 0xD9};
    answer = decoder->decode(end, sizeof end, pixels, pixel_bytes, OFFalse);
  }
  // Lossless pixels are right or wrong; lossy ones may be a little worse.
  if (answer.bad() || (warned && header.process == kLosslessProcess)) {
    return make_error(Code::corrupt, "the JPEG codestream is damaged");
  }
  FrameShape shape = declared;
  shape.planar = false;
  if (ycbcr) shape.photometric = "RGB";
  // A subsampled name stands for samples that are there in full now.
  if (shape.photometric.starts_with("YBR_") && shape.photometric != "YBR_FULL") {
    shape.photometric = "YBR_FULL";
  }
  widen({to.data(), to.size()}, width, header.precision, shape, out);
  return shape;
}

Result<Encoded> encode_jpeg_lossless(const FrameShape& shape, ByteView pixels) {
  if ((shape.bits_allocated != 8 && shape.bits_allocated != 16) ||
      (shape.samples_per_pixel != 1 && shape.samples_per_pixel != 3) || shape.rows > 65535 ||
      shape.columns > 65535) {
    return make_error(Code::unsupported, "JPEG has no such bits, samples or size");
  }
  const auto encoder = encoder_for(precision_needed(shape, pixels));
  const EP_Interpretation colour = shape.samples_per_pixel == 1 ? EPI_Monochrome2 : EPI_RGB;
  return encode_by(*encoder, shape, pixels, colour, shape.photometric);
}

Result<Encoded> encode_jpeg_baseline(const FrameShape& shape, ByteView pixels, uint32_t quality) {
  const bool grey = shape.samples_per_pixel == 1;
  const bool ybr = shape.photometric == "YBR_FULL";
  if (shape.bits_allocated != 8 || shape.is_signed || shape.rows > 65535 || shape.columns > 65535 ||
      shape.photometric == "PALETTE COLOR" ||
      (!grey && (shape.samples_per_pixel != 3 || (shape.photometric != "RGB" && !ybr)))) {
    return make_error(Code::unsupported, "JPEG baseline has no such bits, samples or colours");
  }
  static const DJCodecParameter halved(ECC_lossyYCbCr, EDC_photometricInterpretation, EUC_never,
                                       EPC_colorByPixel, OFFalse, OFFalse, OFFalse, OFTrue, 0, 0, 0,
                                       OFTrue, ESS_422);
  DJCompressIJG8Bit encoder(halved, EJM_baseline,
                            static_cast<Uint8>(std::clamp(quality, 1u, 100u)));
  const EP_Interpretation colour = grey ? EPI_Monochrome2 : ybr ? EPI_YBR_Full : EPI_RGB;
  return encode_by(encoder, shape, pixels, colour, grey ? shape.photometric : "YBR_FULL_422");
}

}  // namespace medarc::dicom::codec

#include "dicom/pixel/codecs/codec.h"

#include <new>

#include "dicom/pixel/codecs/deflate.h"
#include "dicom/pixel/codecs/htj2k.h"
#include "dicom/pixel/codecs/j2k.h"
#include "dicom/pixel/codecs/jpeg.h"
#include "dicom/pixel/codecs/jpegls.h"
#include "dicom/pixel/codecs/rle.h"

namespace medarc::dicom::codec {
namespace {

// The same list without the functions is in dicom/pixel/supported.cc; a test compares them.
constexpr Codec kCodecs[] = {
    {"1.2.840.10008.1.2.4.50", decode_jpeg, nullptr, encode_jpeg_baseline},
    {"1.2.840.10008.1.2.4.51", decode_jpeg, nullptr},
    {"1.2.840.10008.1.2.4.53", decode_jpeg, nullptr},
    {"1.2.840.10008.1.2.4.55", decode_jpeg, nullptr},
    {"1.2.840.10008.1.2.4.57", decode_jpeg, nullptr},
    {"1.2.840.10008.1.2.4.70", decode_jpeg, encode_jpeg_lossless},
    {"1.2.840.10008.1.2.4.80", decode_jpegls, encode_jpegls},
    {"1.2.840.10008.1.2.4.81", decode_jpegls, nullptr, encode_jpegls_near},
    {"1.2.840.10008.1.2.4.90", decode_j2k, encode_j2k},
    {"1.2.840.10008.1.2.4.91", decode_j2k, nullptr, encode_j2k_lossy},
    {"1.2.840.10008.1.2.4.201", decode_htj2k, encode_htj2k},
    {"1.2.840.10008.1.2.4.202", decode_htj2k, encode_htj2k_rpcl},
    {"1.2.840.10008.1.2.4.203", decode_htj2k, nullptr, encode_htj2k_lossy},
    {"1.2.840.10008.1.2.5", decode_rle, encode_rle},
    {"1.2.840.10008.1.2.8.1", decode_deflated, encode_deflated},
};

Error no_codec() {
  return make_error(Code::unsupported, "there is no codec for this transfer syntax");
}

}  // namespace

std::span<const Codec> codecs() { return kCodecs; }

const Codec* find(std::string_view transfer_syntax) {
  for (const Codec& c : kCodecs) {
    if (c.transfer_syntax == transfer_syntax) return &c;
  }
  return nullptr;
}

Result<FrameShape> decode(std::string_view transfer_syntax, const FrameShape& declared,
                          ByteView codestream, std::span<char> out) try {
  const Codec* codec = find(transfer_syntax);
  if (codec == nullptr) return no_codec();
  if (declared.samples_per_pixel == 0 || out.empty() || out.size() != declared.frame_bytes()) {
    return make_error(Code::unsupported, "the attributes describe no image");
  }
  return codec->decode(declared, codestream, out);
} catch (const std::bad_alloc&) {
  return make_error(Code::too_large, "the frame needs more memory than a codec may have");
}

Result<Encoded> encode(std::string_view transfer_syntax, const FrameShape& shape, ByteView pixels,
                       uint32_t quality) try {
  const Codec* codec = find(transfer_syntax);
  if (codec == nullptr || (codec->encode == nullptr && codec->encode_lossy == nullptr)) {
    return no_codec();
  }
  if (shape.samples_per_pixel == 0 || pixels.empty() || pixels.size() != shape.frame_bytes()) {
    return make_error(Code::unsupported, "the attributes describe no image");
  }
  if (codec->encode == nullptr) return codec->encode_lossy(shape, pixels, quality);
  return codec->encode(shape, pixels);
} catch (const std::bad_alloc&) {
  return make_error(Code::too_large, "the frame needs more memory than a codec may have");
}

}  // namespace medarc::dicom::codec

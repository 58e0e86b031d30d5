#include "dicom/pixel/codecs/j2k.h"

#include <openjpeg-2.5/openjpeg.h>

#include <memory>
#include <vector>

#include "dicom/pixel/codecs/j2k_header.h"
#include "dicom/pixel/codecs/samples.h"

namespace medarc::dicom::codec {
namespace {

constexpr OPJ_SIZE_T kStreamBytes = 1u << 20;
constexpr int kResolutionsMax = 6;  // five decompositions, the usual

struct CodecEnd {
  void operator()(opj_codec_t* c) const { opj_destroy_codec(c); }
};
struct StreamEnd {
  void operator()(opj_stream_t* s) const { opj_stream_destroy(s); }
};
struct ImageEnd {
  void operator()(opj_image_t* i) const { opj_image_destroy(i); }
};
using CodecPtr = std::unique_ptr<opj_codec_t, CodecEnd>;
using StreamPtr = std::unique_ptr<opj_stream_t, StreamEnd>;
using ImagePtr = std::unique_ptr<opj_image_t, ImageEnd>;

struct Reading {
  ByteView bytes;
  size_t at = 0;
};

StreamPtr reading(Reading& in) {
  StreamPtr stream(opj_stream_create(kStreamBytes, OPJ_TRUE));
  if (!stream) return stream;
  opj_stream_set_user_data(stream.get(), &in, nullptr);
  opj_stream_set_user_data_length(stream.get(), in.bytes.size());
  opj_stream_set_read_function(stream.get(),
                               [](void* to, OPJ_SIZE_T wanted, void* user) -> OPJ_SIZE_T {
                                 auto* r = static_cast<Reading*>(user);
                                 const size_t n = std::min<size_t>(wanted, r->bytes.size() - r->at);
                                 if (n == 0) return static_cast<OPJ_SIZE_T>(-1);
                                 r->bytes.copy(static_cast<char*>(to), n, r->at);
                                 r->at += n;
                                 return n;
                               });
  opj_stream_set_skip_function(stream.get(), [](OPJ_OFF_T count, void* user) -> OPJ_OFF_T {
    auto* r = static_cast<Reading*>(user);
    const auto left = static_cast<OPJ_OFF_T>(r->bytes.size() - r->at);
    if (count < 0 || left == 0) return -1;
    r->at += static_cast<size_t>(std::min(count, left));
    return std::min(count, left);
  });
  opj_stream_set_seek_function(stream.get(), [](OPJ_OFF_T to, void* user) -> OPJ_BOOL {
    auto* r = static_cast<Reading*>(user);
    if (to < 0 || static_cast<size_t>(to) > r->bytes.size()) return OPJ_FALSE;
    r->at = static_cast<size_t>(to);
    return OPJ_TRUE;
  });
  return stream;
}

struct Writing {
  Bytes bytes;
  size_t at = 0;
};

StreamPtr writing(Writing& out) {
  StreamPtr stream(opj_stream_create(kStreamBytes, OPJ_FALSE));
  if (!stream) return stream;
  opj_stream_set_user_data(stream.get(), &out, nullptr);
  opj_stream_set_write_function(stream.get(),
                                [](void* from, OPJ_SIZE_T count, void* user) -> OPJ_SIZE_T {
                                  auto* w = static_cast<Writing*>(user);
                                  if (w->at + count > w->bytes.size())
                                    w->bytes.resize(w->at + count);
                                  std::memcpy(w->bytes.data() + w->at, from, count);
                                  w->at += count;
                                  return count;
                                });
  opj_stream_set_skip_function(stream.get(), [](OPJ_OFF_T count, void* user) -> OPJ_OFF_T {
    auto* w = static_cast<Writing*>(user);
    if (count < 0) return -1;
    w->at += static_cast<size_t>(count);
    return count;
  });
  opj_stream_set_seek_function(stream.get(), [](OPJ_OFF_T to, void* user) -> OPJ_BOOL {
    if (to < 0) return OPJ_FALSE;
    static_cast<Writing*>(user)->at = static_cast<size_t>(to);
    return OPJ_TRUE;
  });
  return stream;
}

ImagePtr image_of(const FrameShape& shape, ByteView pixels, unsigned precision) {
  opj_image_cmptparm_t component{};
  component.dx = component.dy = 1;
  component.w = shape.columns;
  component.h = shape.rows;
  component.prec = precision;
  component.sgnd = shape.is_signed ? 1 : 0;
  std::vector<opj_image_cmptparm_t> components(shape.samples_per_pixel, component);
  ImagePtr image(
      opj_image_create(shape.samples_per_pixel, components.data(),
                       shape.samples_per_pixel == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY));
  if (!image) return image;
  image->x1 = shape.columns;
  image->y1 = shape.rows;
  const size_t count = size_t{shape.rows} * shape.columns;
  for (size_t c = 0; c < shape.samples_per_pixel; ++c) {
    for (size_t p = 0; p < count; ++p) {
      const uint32_t v = get_sample(pixels, shape.bits_allocated, sample_index(shape, p, c));
      image->comps[c].data[p] = sample_of(v, precision, shape.is_signed);
    }
  }
  return image;
}

}  // namespace

Result<FrameShape> decode_j2k(const FrameShape& declared, ByteView codestream,
                              std::span<char> out) {
  MEDARC_ASSIGN(const J2kHeader header, read_j2k_header(codestream, declared));
  const auto damaged = [] {
    return make_error(Code::corrupt, "the JPEG 2000 codestream cannot be decoded");
  };
  Reading in{header.codestream};
  const StreamPtr stream = reading(in);
  const CodecPtr codec(opj_create_decompress(OPJ_CODEC_J2K));
  if (!stream || !codec) return make_error(Code::too_large, "no memory for the JPEG 2000 decoder");
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (!opj_setup_decoder(codec.get(), &parameters)) return damaged();
  opj_image_t* raw = nullptr;
  const bool headed = opj_read_header(stream.get(), codec.get(), &raw) != OPJ_FALSE;
  const ImagePtr image(raw);
  if (!headed || !opj_decode(codec.get(), stream.get(), raw)) return damaged();
  FrameShape shape = declared;
  shape.planar = false;
  if (shape.photometric == "YBR_RCT" || shape.photometric == "YBR_ICT") shape.photometric = "RGB";
  if (declared.bits_allocated == 1) std::fill(out.begin(), out.end(), '\0');
  const size_t count = size_t{shape.rows} * shape.columns;
  for (size_t c = 0; c < shape.samples_per_pixel; ++c) {
    const opj_image_comp_t& component = image->comps[c];
    if (component.data == nullptr || component.w != shape.columns || component.h != shape.rows) {
      return damaged();
    }
    for (size_t p = 0; p < count; ++p) {
      put_sample(
          out, shape.bits_allocated, p * shape.samples_per_pixel + c,
          sample_of(static_cast<uint32_t>(component.data[p]), header.precision, shape.is_signed));
    }
  }
  return shape;
}

namespace {

// `psnr_db` 0: reversible.
Result<Encoded> encode_with(const FrameShape& shape, ByteView pixels, uint32_t psnr_db) {
  if (shape.bits_allocated != 1 && shape.bits_allocated != 8 && shape.bits_allocated != 16) {
    return make_error(Code::unsupported, "JPEG 2000 has no such Bits Allocated here");
  }
  const bool rgb = shape.samples_per_pixel == 3 && shape.photometric == "RGB";
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  if (psnr_db == 0) {
    parameters.tcp_rates[0] = 0;
    parameters.cp_disto_alloc = 1;
    parameters.irreversible = 0;
  } else {
    parameters.tcp_distoratio[0] = static_cast<float>(psnr_db);
    parameters.cp_fixed_quality = 1;
    parameters.irreversible = 1;
  }
  parameters.tcp_mct = rgb ? 1 : 0;
  parameters.numresolution = 1;
  for (uint32_t side = std::min(shape.rows, shape.columns);
       side > 1 && parameters.numresolution < kResolutionsMax; side /= 2) {
    ++parameters.numresolution;
  }
  const ImagePtr image = image_of(shape, pixels, precision_needed(shape, pixels));
  Writing out;
  const StreamPtr stream = writing(out);
  const CodecPtr codec(opj_create_compress(OPJ_CODEC_J2K));
  if (!image || !stream || !codec) {
    return make_error(Code::too_large, "no memory for the JPEG 2000 encoder");
  }
  if (!opj_setup_encoder(codec.get(), &parameters, image.get()) ||
      !opj_start_compress(codec.get(), image.get(), stream.get()) ||
      !opj_encode(codec.get(), stream.get()) || !opj_end_compress(codec.get(), stream.get())) {
    return make_error(Code::unsupported, "the JPEG 2000 encoder refused the frame");
  }
  const char* const transformed = psnr_db == 0 ? "YBR_RCT" : "YBR_ICT";
  return Encoded{std::move(out.bytes), rgb ? transformed : shape.photometric};
}

}  // namespace

Result<Encoded> encode_j2k(const FrameShape& shape, ByteView pixels) {
  return encode_with(shape, pixels, 0);
}

Result<Encoded> encode_j2k_lossy(const FrameShape& shape, ByteView pixels, uint32_t psnr_db) {
  if (shape.bits_allocated == 1) {
    return make_error(Code::unsupported, "single bits are not compressed lossily");
  }
  return encode_with(shape, pixels, std::max(psnr_db, 1u));
}

}  // namespace medarc::dicom::codec

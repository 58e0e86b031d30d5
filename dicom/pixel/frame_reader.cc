#include "dicom/pixel/frame_reader.h"

namespace medarc::dicom {
namespace {

constexpr std::string_view kEncapsulatedUncompressed = "1.2.840.10008.1.2.1.98";
constexpr uint64_t kNativeBytesMax = 4ull << 30;  // where there is no pool to say otherwise

// Y0 Y1 Cb Cr for each two pixels of a row (PS3.3 C.7.6.3.1.2): each pixel gets its own Cb Cr.
Result<Frame> widened_422(FrameShape shape, ByteView pixels) {
  const size_t count = size_t{shape.rows} * shape.columns;
  if (shape.bits_allocated != 8 || shape.columns % 2 != 0 || pixels.size() < count * 2) {
    return make_error(Code::unsupported, "subsampled pixels that are not whole pairs of 8 bits");
  }
  Frame out;
  out.pixels.resize(count * 3);
  for (size_t pair = 0; pair < count / 2; ++pair) {
    const char* from = pixels.data() + pair * 4;
    char* to = out.pixels.data() + pair * 6;
    for (const size_t k : {0, 1}) {
      to[3 * k] = from[k];
      to[3 * k + 1] = from[2];
      to[3 * k + 2] = from[3];
    }
  }
  shape.photometric = "YBR_FULL";
  shape.planar = false;
  out.shape = std::move(shape);
  return out;
}

}  // namespace

Result<Frame> FrameReader::native(uint32_t index, const FrameShape& shape) const {
  const uint64_t bytes_max =
      codecs_ != nullptr ? codecs_->limits().frame_bytes_max : kNativeBytesMax;
  MEDARC_ASSIGN(Bytes pixels, frames_->read_frame(index, bytes_max));
  if (shape.photometric == "YBR_FULL_422" && shape.samples_per_pixel == 3) {
    return widened_422(shape, pixels);
  }
  if (pixels.size() < shape.frame_bytes()) {
    return make_error(Code::corrupt, "the pixel data is shorter than its attributes say");
  }
  pixels.resize(shape.frame_bytes());
  return Frame{shape, std::move(pixels)};
}

Result<Frame> FrameReader::read(uint32_t index) {
  MEDARC_ASSIGN(const FrameShape shape, frames_->shape());
  if (!frames_->encapsulated() || frames_->transfer_syntax() == kEncapsulatedUncompressed) {
    return native(index, shape);
  }
  if (codecs_ == nullptr || !can_decode(frames_->transfer_syntax())) {
    return make_error(Code::unsupported, "there is no codec for this transfer syntax");
  }
  MEDARC_ASSIGN(const Bytes codestream,
                frames_->read_frame(index, codecs_->limits().frame_bytes_max));
  return codecs_->decode(frames_->transfer_syntax(), frames_->dataset().hex(), shape, codestream);
}

}  // namespace medarc::dicom

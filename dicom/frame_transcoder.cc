#include "dicom/transcode.h"

namespace medarc::dicom {
namespace {

Error not_acceptable(std::string text) { return make_error(Code::not_acceptable, std::move(text)); }

bool is_native(std::string_view transfer_syntax) {
  return transfer_syntax == kExplicitLittle || transfer_syntax == kImplicitLittle;
}

// R…R G…G B…B to RGB RGB …, or back.
void repack(Frame& frame) {
  const size_t pixels = size_t{frame.shape.rows} * frame.shape.columns;
  const size_t samples = frame.shape.samples_per_pixel, width = frame.shape.bits_allocated / 8;
  const bool was_planar = frame.shape.planar;
  Bytes out(frame.pixels.size(), '\0');
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t c = 0; c < samples; ++c) {
      const size_t planar = (c * pixels + p) * width, mixed = (p * samples + c) * width;
      std::memcpy(out.data() + (was_planar ? mixed : planar),
                  frame.pixels.data() + (was_planar ? planar : mixed), width);
    }
  }
  frame.pixels = std::move(out);
  frame.shape.planar = !was_planar;
}

class FrameSource final : public ByteSource {
 public:
  FrameSource(std::shared_ptr<FrameTranscoder> frames, uint32_t index)
      : frames_(std::move(frames)), index_(index) {}

  Result<size_t> read(char* out, size_t capacity) override {
    if (frames_) {
      MEDARC_ASSIGN(bytes_, frames_->make(index_));
      frames_.reset();
    }
    const size_t n = bytes_.copy(out, capacity, at_);
    at_ += n;
    if (at_ == bytes_.size()) Bytes().swap(bytes_), at_ = 0;
    return n;
  }

 private:
  std::shared_ptr<FrameTranscoder> frames_;
  const uint32_t index_;
  Bytes bytes_;
  size_t at_ = 0;
};

}  // namespace

FrameTranscoder::FrameTranscoder(std::unique_ptr<FrameReader> reader, Form form, CodecPool& codecs)
    : reader_(std::move(reader)),
      target_(form.transfer_syntax()),
      codecs_(codecs),
      encodes_(!is_native(target_)) {}

Result<std::unique_ptr<FrameTranscoder>> FrameTranscoder::open(std::unique_ptr<FrameReader> reader,
                                                               Form form, CodecPool& codecs,
                                                               uint32_t first) {
  std::unique_ptr<FrameTranscoder> out(new FrameTranscoder(std::move(reader), form, codecs));
  const auto declared = out->reader_->declared();
  if (declared.has_error() && declared.error().code == Code::unsupported) {
    return not_acceptable("the pixels are no image that could be converted");
  }
  if (declared.has_error()) return declared.error();
  const StoredFrames& stored = out->reader_->stored();
  if (stored.encapsulated() && !can_decode(stored.transfer_syntax())) {
    return not_acceptable("the pixel data is compressed in a way that cannot be undone here");
  }
  const bool has_codec =
      can_encode(out->target_, *declared) || can_encode_lossy(out->target_, *declared);
  if (out->encodes_ &&
      (!has_codec || (!stored.encapsulated() && declared->photometric == "YBR_FULL_422"))) {
    return not_acceptable("frames of this kind cannot be given in the transfer syntax asked for");
  }
  auto made = out->make_now(first);
  if (made.has_error() && made.error().code == Code::unsupported) {
    return not_acceptable(made.error().text);
  }
  if (made.has_error()) return made.error();
  out->held_ = std::move(*made);
  out->held_index_ = first;
  return out;
}

Result<Bytes> FrameTranscoder::make(uint32_t index) {
  if (held_ && held_index_ == index) {
    Bytes out = std::move(*held_);
    held_.reset();
    return out;
  }
  return make_now(index);
}

std::optional<uint64_t> FrameTranscoder::bytes_of(uint32_t index) const {
  if (!encodes_) return shape_.frame_bytes();
  if (held_ && held_index_ == index) return held_->size();
  return std::nullopt;
}

Result<Bytes> FrameTranscoder::make_now(uint32_t index) {
  MEDARC_ASSIGN(Frame frame, reader_->read(index));
  if (!encodes_ && shape_known_ && frame.shape.planar != shape_.planar) repack(frame);
  Bytes out;
  FrameShape shape = frame.shape;
  if (encodes_) {
    MEDARC_ASSIGN(CodecPool::Encoded encoded, codecs_.encode(target_, frame));
    out = std::move(encoded.codestream);
    shape.photometric = std::move(encoded.photometric);
    shape.planar = false;
  } else {
    out = std::move(frame.pixels);
  }
  if (!shape_known_) {
    shape_ = std::move(shape);
    shape_known_ = true;
  } else if (shape.photometric != shape_.photometric) {
    return make_error(Code::corrupt, "the frames of the object differ in colour");
  }
  return out;
}

std::unique_ptr<ByteSource> frame_source(std::shared_ptr<FrameTranscoder> frames, uint32_t index) {
  return std::make_unique<FrameSource>(std::move(frames), index);
}

}  // namespace medarc::dicom

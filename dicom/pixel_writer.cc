#include "dicom/pixel_writer.h"

#include <algorithm>

namespace medarc::dicom {
namespace {

// One item a frame, an empty basic offset table before them: offsets are known only at the end.
class ItemWriter final : public PixelWriter {
 public:
  explicit ItemWriter(FrameTranscoder& frames) : frames_(frames) {}

  Result<Bytes> frame(uint32_t index) override {
    MEDARC_ASSIGN(const Bytes codestream, frames_.make(index));
    Bytes out;
    out.reserve(codestream.size() + 17);
    if (index == 0) item(out, 0);
    if (codestream.size() >= kUndefinedLength - 1) {
      return make_error(Code::too_large, "a frame over 4 GiB");
    }
    item(out, codestream.size() + codestream.size() % 2);
    out += codestream;
    if (codestream.size() % 2 != 0) out += '\0';
    return out;
  }
  Bytes end() override {
    Bytes out;
    head(out, "\xFE\xFF\xDD\xE0", 0);
    return out;
  }

 private:
  static void head(Bytes& out, ByteView tag, uint64_t length) {
    out += tag;
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(length >> shift);
  }
  static void item(Bytes& out, uint64_t length) {
    head(out, ByteView("\xFE\xFF\x00\xE0", 4), length);
  }

  FrameTranscoder& frames_;
};

class NativeWriter final : public PixelWriter {
 public:
  explicit NativeWriter(FrameTranscoder& frames) : frames_(frames) {}

  Result<Bytes> frame(uint32_t index) override {
    MEDARC_ASSIGN(Bytes pixels, frames_.make(index));
    const FrameShape& shape = frames_.shape();
    if (shape.bits_allocated != 1) {
      bytes_ += pixels.size();
      return pixels;
    }
    // 1-bit frames follow each other without filling up the last byte (PS3.5 8.2).
    const uint64_t bits = uint64_t{shape.rows} * shape.columns * shape.samples_per_pixel;
    Bytes out;
    out.reserve(pixels.size() + 1);
    for (uint64_t at = 0; at < bits; at += 8) {
      const uint64_t count = std::min<uint64_t>(8, bits - at);
      const unsigned byte = static_cast<uint8_t>(pixels[at / 8]) & ((1u << count) - 1);
      carry_ |= byte << carried_;
      carried_ += static_cast<unsigned>(count);
      if (carried_ >= 8) {
        out += static_cast<char>(carry_);
        carry_ >>= 8;
        carried_ -= 8;
      }
    }
    bytes_ += out.size();
    return out;
  }
  Bytes end() override {
    Bytes out;
    if (carried_ > 0) out += static_cast<char>(carry_);
    if ((bytes_ + out.size()) % 2 != 0) out += '\0';
    return out;
  }

 private:
  FrameTranscoder& frames_;
  uint64_t bytes_ = 0;
  unsigned carry_ = 0, carried_ = 0;
};

class NativeSource final : public ByteSource {
 public:
  explicit NativeSource(std::unique_ptr<FrameTranscoder> frames)
      : frames_(std::move(frames)), writer_(PixelWriter::create(*frames_)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (at_ == chunk_.size()) {
      if (ended_) return size_t{0};
      at_ = 0;
      if (next_ < frames_->count()) {
        MEDARC_ASSIGN(chunk_, writer_->frame(next_++));
      } else {
        chunk_ = writer_->end();
        ended_ = true;
      }
    }
    const size_t n = chunk_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

 private:
  const std::unique_ptr<FrameTranscoder> frames_;
  const std::unique_ptr<PixelWriter> writer_;
  Bytes chunk_;
  size_t at_ = 0;
  uint32_t next_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<PixelWriter> PixelWriter::create(FrameTranscoder& frames) {
  if (frames.encodes()) return std::make_unique<ItemWriter>(frames);
  return std::make_unique<NativeWriter>(frames);
}

uint64_t native_pixel_bytes(const FrameTranscoder& frames) {
  const FrameShape& shape = frames.shape();
  const uint64_t count = frames.count();
  const uint64_t bytes =
      shape.bits_allocated == 1
          ? (count * shape.rows * shape.columns * shape.samples_per_pixel + 7) / 8
          : count * shape.frame_bytes();
  return bytes + bytes % 2;
}

Result<Content> native_pixels(std::unique_ptr<FrameReader> reader) {
  CodecPool* const codecs = reader->codecs();
  if (codecs == nullptr) {
    return make_error(Code::not_acceptable, "the pixel data is given as it is stored only");
  }
  Content out;
  out.transfer_syntax.value = kExplicitLittle;
  out.etag = reader->stored().dataset().hex() + "-p";
  MEDARC_ASSIGN(auto frames,
                FrameTranscoder::open(std::move(reader), Form::explicit_le, *codecs, 0));
  out.bytes = native_pixel_bytes(*frames);
  out.source = std::make_unique<NativeSource>(std::move(frames));
  return out;
}

}  // namespace medarc::dicom

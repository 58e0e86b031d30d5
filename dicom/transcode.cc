#include "dicom/transcode.h"

#include <algorithm>

#include "dicom/convert.h"
#include "dicom/lossy.h"
#include "dicom/pieces.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr Tag kPhotometric{0x00280004}, kPlanar{0x00280006}, kFrames{0x00280008};
constexpr Tag kPixelData{0x7FE00010}, kExtendedOffsets{0x7FE00001}, kExtendedLengths{0x7FE00002},
    kEncapsulatedLength{0x7FE00003};
constexpr uint64_t kNativeBytesMax = 0xFFFFFFFE;  // the longest even value with a length

void put16(Bytes& out, uint32_t v) {
  out += static_cast<char>(v);
  out += static_cast<char>(v >> 8);
}
void put32(Bytes& out, uint64_t v) {
  put16(out, static_cast<uint32_t>(v & 0xFFFF));
  put16(out, static_cast<uint32_t>(v >> 16));
}
void put_tag(Bytes& out, Tag tag) {
  put16(out, tag.value >> 16);
  put16(out, tag.value & 0xFFFF);
}

Bytes pixel_head(const FrameShape& shape, bool implicit, bool encapsulated, uint64_t length) {
  Bytes out;
  put_tag(out, kPixelData);
  if (!implicit) {
    out += encapsulated || shape.bits_allocated <= 8 ? "OB" : "OW";
    put16(out, 0);
  }
  put32(out, length);
  return out;
}

// Frames as the pixel data's value, one behind the other.
class PixelWriter {
 public:
  explicit PixelWriter(FrameTranscoder& frames) : frames_(frames) {}
  virtual ~PixelWriter() = default;
  virtual Result<Bytes> frame(uint32_t index) = 0;
  virtual Bytes end() = 0;

 protected:
  FrameTranscoder& frames_;
};

// One item a frame, an empty basic offset table before them: offsets are known only at the end.
class ItemWriter final : public PixelWriter {
 public:
  using PixelWriter::PixelWriter;
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
    put_tag(out, Tag{0xFFFEE0DD});
    put32(out, 0);
    return out;
  }

 private:
  static void item(Bytes& out, uint64_t length) {
    put_tag(out, Tag{0xFFFEE000});
    put32(out, length);
  }
};

class NativeWriter final : public PixelWriter {
 public:
  using PixelWriter::PixelWriter;
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
  uint64_t bytes_ = 0;
  unsigned carry_ = 0, carried_ = 0;
};

// What is before the pixels, the frames one at a time, what is after them.
class TranscodedSource final : public ByteSource {
 public:
  TranscodedSource(std::shared_ptr<archive::BlobReader> blob, Around around,
                   std::unique_ptr<FrameTranscoder> frames)
      : before_(blob, std::move(around.before)),
        after_(std::move(blob), std::move(around.after)),
        frames_(std::move(frames)) {
    if (frames_->encodes()) {
      writer_ = std::make_unique<ItemWriter>(*frames_);
    } else {
      writer_ = std::make_unique<NativeWriter>(*frames_);
    }
  }

  Result<size_t> read(char* out, size_t capacity) override {
    for (;;) {
      if (at_ < chunk_.size()) {
        const size_t n = chunk_.copy(out, capacity, at_);
        at_ += n;
        return n;
      }
      if (!before_done_) {
        MEDARC_ASSIGN(const size_t n, before_.read(out, capacity));
        if (n > 0) return n;
        before_done_ = true;
      }
      if (next_ > frames_->count()) return after_.read(out, capacity);
      at_ = 0;
      if (next_ < frames_->count()) {
        MEDARC_ASSIGN(chunk_, writer_->frame(next_));
      } else {
        chunk_ = writer_->end();
      }
      ++next_;
    }
  }

 private:
  PieceSource before_, after_;
  std::unique_ptr<FrameTranscoder> frames_;
  std::unique_ptr<PixelWriter> writer_;
  Bytes chunk_;
  size_t at_ = 0;
  uint64_t next_ = 0;  // frame; count(): the end of the pixel data; then what is after it
  bool before_done_ = false;
};

Bytes term(std::string text) {
  if (text.size() % 2 != 0) text += ' ';
  return text;
}

// What the dataset must say of its pixels now.
Changes changes_for(const FrameShape& declared, const FrameShape& now, bool implicit) {
  Changes out;
  out.implicit = implicit;
  if (now.photometric != declared.photometric) {
    out.set.push_back({kPhotometric, {'C', 'S'}, term(now.photometric)});
  }
  if (now.samples_per_pixel > 1) {
    Bytes planar;
    put16(planar, now.planar ? 1 : 0);
    out.set.push_back({kPlanar, {'U', 'S'}, std::move(planar)});
  }
  out.left_out = {kExtendedOffsets, kExtendedLengths, kEncapsulatedLength};
  return out;
}

bool compressed_inside(const Scanner& scanner) {
  return std::any_of(scanner.elements().begin(), scanner.elements().end(), [](const Element& e) {
    return e.kind == Element::Kind::fragments && e.depth > 0;
  });
}

}  // namespace

Result<Content> transcoded_dataset(archive::BlobStore& blobs, const InstanceRow& row,
                                   const Limits& limits, Bytes envelope,
                                   std::unique_ptr<FrameReader> reader, Form form,
                                   CodecPool& codecs) {
  const auto not_acceptable = [](const char* text) {
    return make_error(Code::not_acceptable, text);
  };
  const TransferSyntax syntax = transfer_syntax_or_default(row.transfer_syntax.value);
  if (syntax.deflated)
    return not_acceptable("a deflated dataset is only given as such or inflated");
  MEDARC_ASSIGN(std::shared_ptr<archive::BlobReader> blob, blobs.open(row.dataset));
  MEDARC_ASSIGN(const auto scanner, scan_stored(*blob, syntax, limits));
  if (compressed_inside(*scanner)) {
    return not_acceptable("the object has further compressed images inside it");
  }
  const int64_t frames = std::max<int64_t>(1, number_value(*scanner, kFrames).value_or(1));
  if (static_cast<uint64_t>(frames) != reader->count()) {
    return not_acceptable("the number of frames does not fit the pixel data");
  }
  MEDARC_ASSIGN(const FrameShape declared, shape_of(*scanner));
  MEDARC_ASSIGN(auto transcoder, FrameTranscoder::open(std::move(reader), form, codecs, 0));
  const FrameShape& shape = transcoder->shape();
  const bool encodes = transcoder->encodes(), implicit = form == Form::implicit_le;
  uint64_t pixel_bytes = kUndefinedLength;
  if (!encodes) {
    const uint64_t count = transcoder->count();
    pixel_bytes = shape.bits_allocated == 1
                      ? (count * shape.rows * shape.columns * shape.samples_per_pixel + 7) / 8
                      : count * shape.frame_bytes();
    pixel_bytes += pixel_bytes % 2;
    if (pixel_bytes > kNativeBytesMax) {
      return not_acceptable("the pixels are over 4 GiB when they are not compressed");
    }
  }
  Changes changes = changes_for(declared, shape, implicit);
  if (can_encode_lossy(form.transfer_syntax())) {
    // Of the first frame: the others are made when what comes before them has gone.
    const auto before = static_cast<double>(declared.frame_bytes());
    const double ratio = before / static_cast<double>(std::max<uint64_t>(
                                      1, transcoder->bytes_of(0).value_or(declared.frame_bytes())));
    add_lossy_changes(*scanner, row, form.transfer_syntax(),
                      codecs.limits().lossy.of(form.transfer_syntax()), ratio, changes);
  }
  Around around = pieces_around_pixels(*scanner, changes);
  Piece head;
  head.literal = std::move(envelope);
  around.before.insert(around.before.begin(), std::move(head));
  Piece pixels;
  pixels.literal = pixel_head(shape, implicit, encodes, pixel_bytes);
  around.before.push_back(std::move(pixels));
  Content out;
  out.transfer_syntax.value = form.transfer_syntax();
  if (!encodes) {
    out.bytes = PieceSource::total(around.before) + pixel_bytes + PieceSource::total(around.after);
  }
  out.source =
      std::make_unique<TranscodedSource>(std::move(blob), std::move(around), std::move(transcoder));
  return out;
}

}  // namespace medarc::dicom

#include "dicom/transcode.h"

#include <algorithm>

#include "dicom/convert.h"
#include "dicom/inflated_blob.h"
#include "dicom/lossy.h"
#include "dicom/pieces.h"
#include "dicom/pixel_writer.h"
#include "dicom/senders/served.h"
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

// What is before the pixels, the frames one at a time, what is after them.
class TranscodedSource final : public ByteSource {
 public:
  TranscodedSource(std::shared_ptr<archive::BlobReader> blob, Around around,
                   std::unique_ptr<FrameTranscoder> frames)
      : before_(blob, std::move(around.before)),
        after_(std::move(blob), std::move(around.after)),
        frames_(std::move(frames)),
        writer_(PixelWriter::create(*frames_)) {}

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
  const std::unique_ptr<FrameTranscoder> frames_;
  const std::unique_ptr<PixelWriter> writer_;
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
  MEDARC_ASSIGN(std::shared_ptr<archive::BlobReader> blob, blobs.open(row.dataset));
  MEDARC_ASSIGN(const auto scanner, scan_served(*blob, row, limits));
  if (syntax.deflated) {
    blob = std::make_shared<InflatedBlob>(std::move(blob), scanner->position(),
                                          limits.inflated_bytes_max);
  }
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
    pixel_bytes = native_pixel_bytes(*transcoder);
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

#include "dicom/stored_frames.h"

#include "dicom/convert.h"
#include "dicom/inflate.h"
#include "dicom/inflated_blob.h"
#include "dicom/pieces.h"
#include "dicom/senders/corrections.h"
#include "dicom/senders/served.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

// To the end of the last frame.
uint64_t plain_bytes(const FrameTable& table) {
  const FrameTable::BitRange last = table.native_bits(table.frames_count() - 1);
  return (last.begin + last.length + 7) / 8;
}

// Few instances are corrected; the others' attributes need not be copied for each frame.
InstanceRow header_row(const InstanceRow& row) {
  InstanceRow out;
  out.transfer_syntax = row.transfer_syntax;
  if (senders::is_corrected(row)) out.attributes = row.attributes;
  return out;
}

}  // namespace

Result<std::unique_ptr<StoredFrames>> StoredFrames::open(archive::BlobStore& blobs,
                                                         const InstanceRow& row,
                                                         const Limits& limits) {
  MEDARC_ASSIGN(FrameTable table, FrameTable::decode(row.frame_table));
  if (table.frames_count() == 0) return make_error(Code::not_found, "the instance has no frames");
  MEDARC_ASSIGN(std::shared_ptr<archive::BlobReader> blob, blobs.open(row.dataset));
  return std::unique_ptr<StoredFrames>(
      new StoredFrames(std::move(blob), std::move(table), row, limits));
}

StoredFrames::StoredFrames(std::shared_ptr<archive::BlobReader> blob, FrameTable table,
                           const InstanceRow& row, const Limits& limits)
    : blob_(std::move(blob)),
      table_(std::move(table)),
      syntax_(transfer_syntax_or_default(row.transfer_syntax.value)),
      transfer_syntax_(row.transfer_syntax.value),
      header_as_(header_row(row)),
      dataset_(row.dataset),
      limits_(limits),
      plain_(syntax_.deflated ? std::make_shared<InflatedBlob>(blob_, plain_bytes(table_),
                                                               limits.inflated_bytes_max)
                              : blob_) {}

uint64_t StoredFrames::frame_bytes(uint32_t index) const {
  if (!table_.encapsulated()) return (table_.native_bits(index).length + 7) / 8;
  uint64_t bytes = 0;
  for (const ByteRange& f : table_.fragments(index)) bytes += f.length;
  return bytes;
}

// Native 1-bit frames may begin and end inside a byte.
std::unique_ptr<ByteSource> StoredFrames::open_frame(uint32_t index) const {
  std::vector<Piece> pieces;
  if (table_.encapsulated()) {
    for (const ByteRange& f : table_.fragments(index)) add_range(pieces, f);
    return std::make_unique<PieceSource>(blob_, std::move(pieces));
  }
  const FrameTable::BitRange bits = table_.native_bits(index);
  const unsigned shift = bits.begin % 8;
  const ByteRange range{bits.begin / 8, (shift + bits.length + 7) / 8};
  add_range(pieces, range, table_.swap_bytes(), table_.words_begin());
  std::unique_ptr<ByteSource> out = std::make_unique<PieceSource>(plain_, std::move(pieces));
  if (shift == 0 && bits.length % 8 == 0) return out;
  return std::make_unique<ShiftedSource>(std::move(out), shift, bits.length);
}

Result<Bytes> StoredFrames::read_frame(uint32_t index, uint64_t bytes_max) const {
  const uint64_t bytes = frame_bytes(index);
  if (bytes > bytes_max) return make_error(Code::too_large, "the frame is over its limit");
  Bytes out(bytes, '\0');
  const auto source = open_frame(index);
  size_t done = 0;
  while (done < out.size()) {
    MEDARC_ASSIGN(const size_t n, source->read(out.data() + done, out.size() - done));
    if (n == 0) return make_error(Code::corrupt, "the pixel data ends early");
    done += n;
  }
  return out;
}

Result<FrameShape> StoredFrames::shape() {
  if (!shape_) {
    MEDARC_ASSIGN(const auto scanner, scan_served_header(*blob_, header_as_, limits_));
    MEDARC_ASSIGN(shape_, shape_of(*scanner));
  }
  return *shape_;
}

Result<FrameShape> shape_of(const Scanner& scanner) {
  constexpr uint32_t kPixelData = 0x7FE00010;
  const auto no_image = [] {
    return make_error(Code::unsupported, "the attributes describe no image");
  };
  if (!scanner.pixel_data() || scanner.pixel_data()->tag.value != kPixelData) return no_image();
  const auto number = [&](uint32_t tag, int64_t otherwise) {
    const int64_t v = number_value(scanner, Tag{tag}).value_or(otherwise);
    return static_cast<uint16_t>(v < 0 || v > UINT16_MAX ? 0 : v);
  };
  FrameShape s;
  s.rows = number(0x00280010, 0);
  s.columns = number(0x00280011, 0);
  s.samples_per_pixel = number(0x00280002, 1);
  s.bits_allocated = number(0x00280100, 0);
  s.bits_stored = number(0x00280101, s.bits_allocated);
  s.high_bit = number(0x00280102, s.bits_stored - 1);
  s.is_signed = number(0x00280103, 0) == 1;
  s.planar = s.samples_per_pixel > 1 && number(0x00280006, 0) == 1;
  s.photometric = plain_value(scanner, Tag{0x00280004});
  const bool bits_known =
      s.bits_allocated == 1 ||
      (s.bits_allocated % 8 == 0 && s.bits_allocated >= 8 && s.bits_allocated <= 64);
  if (s.rows == 0 || s.columns == 0 || s.samples_per_pixel == 0 || !bits_known) return no_image();
  return s;
}

}  // namespace medarc::dicom

#include "dicom/model/assembler.h"

#include <algorithm>

#include "dicom/model/values.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom {
namespace {

constexpr Tag kExtendedOffsets{0x7FE00001}, kExtendedLengths{0x7FE00002}, kPixelData{0x7FE00010};
constexpr uint32_t kItem = 0xFFFEE000, kSequenceEnd = 0xFFFEE0DD, kUndefined = 0xFFFFFFFF;
constexpr uint64_t kLengthMax = 0xFFFFFFFE;  // of a value or a fragment (PS3.5 7.1.1)
constexpr uint16_t kOutOfResources = 0xA700;
constexpr size_t kStepBytes = 256u << 10;

void put(Bytes& out, uint64_t v, size_t size) {
  for (size_t i = 0; i < size; ++i) out += static_cast<char>(v >> (8 * i));
}

uint64_t even(uint64_t length) { return length + length % 2; }

// The element's beginning up to its first fragment. Offsets of frames go into the basic table, or
// where its numbers are too short into the extended one (PS3.5 A.4, PS3.3 C.7.6.3.1.8).
void begin_encapsulated(const PixelParts& pixels, Assembly::Op& op) {
  Bytes offsets, wide_offsets, lengths;
  uint64_t at = 0;
  bool one_fragment_each = true;
  for (const ByteRange& f : pixels.frames) {
    put(offsets, at, 4);
    put(wide_offsets, at, 8);
    put(lengths, f.length, 8);
    at += 8 + even(f.length);
    one_fragment_each = one_fragment_each && f.length <= kLengthMax;
  }
  const bool many = pixels.frames.size() > 1 && one_fragment_each;
  const bool narrow = many && at <= kLengthMax;
  if (many && !narrow && wide_offsets.size() <= kLengthMax) {
    append_head(op.before, kExtendedOffsets, {'O', 'V'},
                static_cast<uint32_t>(wide_offsets.size()));
    op.before += wide_offsets;
    append_head(op.before, kExtendedLengths, {'O', 'V'}, static_cast<uint32_t>(lengths.size()));
    op.before += lengths;
  }
  append_head(op.before, kPixelData, {'O', 'B'}, kUndefined);
  append_item_head(op.before, kItem, narrow ? static_cast<uint32_t>(offsets.size()) : 0);
  if (narrow) op.before += offsets;
}

// The bytes of a top-level element.
ByteRange place_of(const ModelInstance& instance, size_t element) {
  const uint64_t end = element + 1 < instance.elements.size() ? instance.elements[element + 1].at
                                                              : instance.dataset.size();
  return {instance.elements[element].at, end - instance.elements[element].at};
}

uint64_t place_for(const ModelInstance& instance, Tag tag) {
  const auto next =
      std::lower_bound(instance.elements.begin(), instance.elements.end(), tag,
                       [](const ModelInstance::Place& p, Tag wanted) { return p.tag < wanted; });
  return next == instance.elements.end() ? instance.dataset.size() : next->at;
}

Status copy(BulkSpool& spool, ByteRange range, ByteSink& out) {
  Bytes buffer(std::min<uint64_t>(kStepBytes, range.length), '\0');
  while (range.length > 0) {
    const auto most = static_cast<size_t>(std::min<uint64_t>(buffer.size(), range.length));
    MEDARC_ASSIGN(const size_t n, spool.read(range.begin, buffer.data(), most));
    if (n == 0) return make_error(Code::io, "a temporary file is too short");
    MEDARC_TRY(out.write({buffer.data(), n}));
    range = {range.begin + n, range.length - n};
  }
  return {};
}

Status write_op(const Assembly::Op& op, BulkSpool& spool, ByteSink& out) {
  Bytes head = op.before;
  for (ByteRange frame : op.frames) {
    if (!op.encapsulated) {
      if (!head.empty()) MEDARC_TRY(out.write(head));
      MEDARC_TRY(copy(spool, frame, out));
      head.assign(frame.length % 2, op.padding);
      continue;
    }
    do {
      const uint64_t length = std::min(frame.length, kLengthMax);
      append_item_head(head, kItem, static_cast<uint32_t>(even(length)));
      MEDARC_TRY(out.write(head));
      MEDARC_TRY(copy(spool, {frame.begin, length}, out));
      head.assign(length % 2, '\0');
      frame = {frame.begin + length, frame.length - length};
    } while (frame.length > 0);
  }
  if (op.encapsulated) append_item_head(head, kSequenceEnd, 0);
  return head.empty() ? Status() : out.write(head);
}

}  // namespace

Result<Assembly> plan_assembly(const ModelInstance& instance,
                               const std::vector<std::vector<BulkPart>>& parts, BulkSpool& spool) {
  Assembly out;
  out.transfer_syntax = kExplicitLittle;
  PixelParts pixels;
  for (size_t i = 0; i < instance.bulk.size(); ++i) {
    if (parts[i].empty()) {
      out.reason = kBulkDataMissing;
      return out;
    }
    const BulkReference& b = instance.bulk[i];
    if (!b.top_level || b.tag != kPixelData) continue;
    MEDARC_ASSIGN(pixels, read_pixel_parts(instance, parts[i], spool));
    out.reason = pixels.reason;
    out.transfer_syntax = pixels.transfer_syntax;
    if (out.reason != 0) return out;
  }
  // Its offset tables are of the fragments that are made now.
  const auto old_table = [&](Tag tag) {
    return pixels.encapsulated && (tag == kExtendedOffsets || tag == kExtendedLengths);
  };
  for (size_t i = 0; i < instance.elements.size(); ++i) {
    const ByteRange place = place_of(instance, i);
    if (old_table(instance.elements[i].tag) && place.length > 0) out.left_out.push_back(place);
  }
  for (PixelParts::Attribute& a : pixels.derived) {
    Assembly::Op op;
    op.at = place_for(instance, a.tag);
    op.tag = a.tag;
    append_head(op.before, a.tag, a.vr, static_cast<uint32_t>(a.value.size()));
    op.before += a.value;
    out.ops.push_back(std::move(op));
  }
  for (size_t i = 0; i < instance.bulk.size(); ++i) {
    const BulkReference& b = instance.bulk[i];
    if (b.top_level && old_table(b.tag)) continue;
    Assembly::Op op;
    op.at = b.at;
    op.tag = b.tag;
    if (b.top_level && b.tag == kPixelData && pixels.encapsulated) {
      op.encapsulated = true;
      op.frames = std::move(pixels.frames);
      pixels.frames = op.frames;
      begin_encapsulated(pixels, op);
    } else {
      const ByteRange value = parts[i].front().place;
      if (parts[i].size() > 1) out.reason = kBulkDataMismatch;
      if (even(value.length) > kLengthMax) out.reason = kOutOfResources;
      if (out.reason != 0) return out;
      append_head(op.before, b.tag, b.vr, static_cast<uint32_t>(even(value.length)));
      op.frames = {value};
      op.padding = padding_of(b.vr);
    }
    out.ops.push_back(std::move(op));
  }
  std::stable_sort(out.ops.begin(), out.ops.end(), [](const auto& a, const auto& b) {
    return a.at != b.at ? a.at < b.at : a.tag < b.tag;
  });
  return out;
}

Status write_assembly(const ModelInstance& instance, const Assembly& plan, BulkSpool& spool,
                      ByteSink& out) {
  const ByteView dataset = instance.dataset;
  uint64_t at = 0;
  const auto copy_to = [&](uint64_t end) -> Status {
    for (const ByteRange& gap : plan.left_out) {
      if (gap.begin < at || gap.begin >= end) continue;
      if (gap.begin > at) MEDARC_TRY(out.write(dataset.substr(at, gap.begin - at)));
      at = gap.end();
    }
    if (end > at) MEDARC_TRY(out.write(dataset.substr(at, end - at)));
    at = std::max(at, end);
    return {};
  };
  for (const Assembly::Op& op : plan.ops) {
    MEDARC_TRY(copy_to(op.at));
    MEDARC_TRY(write_op(op, spool, out));
  }
  return copy_to(dataset.size());
}

}  // namespace medarc::dicom

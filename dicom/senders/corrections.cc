#include "dicom/senders/corrections.h"

#include <fmt/format.h>

#include "base/codec.h"
#include "dicom/senders/editor.h"
#include "dicom/senders/readings.h"
#include "dicom/senders/text_elements.h"

namespace medarc::dicom::senders {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kUidStepsMax = UidRepair::kPadding | UidRepair::kLeadingZeros |
                                 UidRepair::kDerive | UidRepair::kDeriveUnstorable;

}  // namespace

bool can_coerce(Tag tag) {
  const uint32_t group = tag.value >> 16;
  if (group % 2 == 1 || group <= 2 || group == 0x0400 || group >= 0x7FE0) return false;
  if ((tag.value & 0xFFFF) == 0) return false;
  // The character set is for the charset rule; the names of an object say which one it is.
  for (const uint32_t kept : {0x00080005u, 0x00080016u, 0x00080018u, 0x0020000Du, 0x0020000Eu}) {
    if (tag.value == kept) return false;
  }
  return is_text(vr_of(tag));
}

bool all_text_reads(const Scanner& scanner, std::string_view name) {
  const TextEncoding* encoding = find_encoding(name);
  if (encoding == nullptr) return false;
  for (const Element& e : scanner.elements()) {
    if (e.kind != Element::Kind::value || !e.held || !has_charset(known_vr(e))) continue;
    const ByteView value = scanner.value(e);
    if (beyond_ascii(value) && !read_strictly(*encoding, value)) return false;
  }
  return true;
}

std::vector<Correction> apply(const Corrections& corrections, Scanner& scanner) {
  return Editor(corrections, scanner).run();
}

void keep(const Corrections& corrections, index::InstanceRow& row) {
  row.attributes.set(kFieldCorrections, "OB", {encode(corrections)});
}

bool is_corrected(const index::InstanceRow& row) {
  return row.attributes.find(kFieldCorrections) != nullptr;
}

Status correct(const index::InstanceRow& row, Scanner& scanner) {
  if (!is_corrected(row)) return {};
  MEDARC_ASSIGN(const Corrections kept,
                decode_corrections(row.attributes.first(kFieldCorrections)));
  apply(kept, scanner);
  return {};
}

std::string correction_mark(const index::InstanceRow& row) {
  if (!is_corrected(row)) return {};
  return fmt::format("-c{:08x}", crc32c(row.attributes.first(kFieldCorrections)));
}

Bytes encode(const Corrections& c) {
  Encoder out;
  out.fixed(kVersion);
  out.bytes(c.text_encoding);
  out.fixed(c.uids.steps);
  out.varint(c.coercions.size());
  for (const Coercion& one : c.coercions) {
    out.fixed(static_cast<uint8_t>(one.kind));
    out.fixed(one.tag.value);
    out.fixed(one.from.value);
    out.bytes(one.value);
  }
  out.zigzag(c.time.us);
  out.bytes(c.system);
  out.bytes(c.source);
  return out.take();
}

Result<Corrections> decode_corrections(ByteView bytes) {
  Decoder in(bytes);
  const bool known = in.fixed<uint8_t>() == kVersion;
  Corrections out;
  out.text_encoding = in.bytes();
  out.uids.steps = in.fixed<uint8_t>();
  bool sound = known && out.uids.steps <= kUidStepsMax &&
               (out.text_encoding.empty() || find_encoding(out.text_encoding) != nullptr);
  for (uint64_t n = in.varint(); n > 0 && in.ok(); --n) {
    Coercion one;
    const auto kind = in.fixed<uint8_t>();
    one.kind = static_cast<Coercion::Kind>(kind);
    one.tag.value = in.fixed<uint32_t>();
    one.from.value = in.fixed<uint32_t>();
    one.value = in.bytes();
    sound = sound && kind >= 1 && kind <= 3;
    out.coercions.push_back(std::move(one));
  }
  out.time.us = in.zigzag();
  out.system = in.bytes();
  out.source = in.bytes();
  if (!sound || !in.at_end()) {
    return make_error(Code::corrupt, "the corrections of an instance cannot be decoded");
  }
  return out;
}

}  // namespace medarc::dicom::senders

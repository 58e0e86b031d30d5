#include "genomics/record_mask.h"

#include <array>

#include "genomics/bam_record.h"

namespace medarc::genomics {
namespace {

constexpr std::array<std::string_view, 11> kNames = {"QNAME", "FLAG",  "RNAME", "POS", "MAPQ", "CIGAR",
                                                     "RNEXT", "PNEXT", "TLEN",  "SEQ", "QUAL"};
constexpr ByteView kNoReference{"\xff\xff\xff\xff", 4};
constexpr ByteView kZero{"\0\0\0\0", 4};
constexpr uint8_t kNoMappingQuality = 255;

uint32_t le32(const char* p) {
  const auto* u = reinterpret_cast<const uint8_t*>(p);
  return u[0] | uint32_t{u[1]} << 8 | uint32_t{u[2]} << 16 | uint32_t{u[3]} << 24;
}

void put32(char* p, uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<char>(v >> 8 * i);
}

// Whole length of the optional field at the front of `t`; records were checked at ingest.
size_t tag_bytes(ByteView t) {
  switch (t[2]) {
    case 'Z': case 'H': return t.find('\0', 3) + 1;
    case 'B': {
      const char type = t[3];
      const size_t each = type == 'c' || type == 'C' ? 1 : type == 's' || type == 'S' ? 2 : 4;
      return 8 + each * le32(t.data() + 4);
    }
    case 's': case 'S': return 5;
    case 'i': case 'I': case 'f': return 7;
    default: return 4;
  }
}

}  // namespace

std::optional<Field> field_of(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Field>(i);
  }
  return std::nullopt;
}

bool RecordMask::keeps_tag(std::string_view tag) const {
  const std::string name(tag);
  return (!tags || tags->contains(name)) && !notags.contains(name);
}

void RecordMask::append(ByteView record, Bytes& out) const {
  const ByteView r = record.substr(4);
  const size_t name_bytes = static_cast<uint8_t>(r[8]);
  const size_t ops = static_cast<uint8_t>(r[12]) | static_cast<size_t>(static_cast<uint8_t>(r[13])) << 8;
  const uint32_t bases = le32(r.data() + 16);
  const size_t cigar_at = kRecordFixedBytes + name_bytes;
  const size_t seq_at = cigar_at + 4 * ops;
  const size_t qual_at = seq_at + (size_t{bases} + 1) / 2;
  const size_t tags_at = qual_at + bases;

  const size_t start = out.size();
  out.append(record.substr(0, 4 + kRecordFixedBytes));
  const auto set = [&](size_t at, ByteView bytes) { out.replace(start + 4 + at, bytes.size(), bytes); };
  if (!keeps(Field::rname)) set(0, kNoReference);
  if (!keeps(Field::pos)) set(4, kNoReference);
  if (!keeps(Field::mapq)) out[start + 4 + 9] = static_cast<char>(kNoMappingQuality);
  if (!keeps(Field::flag)) set(14, kZero.substr(0, 2));
  if (!keeps(Field::rnext)) set(20, kNoReference);
  if (!keeps(Field::pnext)) set(24, kNoReference);
  if (!keeps(Field::tlen)) set(28, kZero);
  if (keeps(Field::qname)) {
    out.append(r.substr(kRecordFixedBytes, name_bytes));
  } else {
    out[start + 4 + 8] = 2;
    out.append("*", 2);
  }
  if (keeps(Field::cigar)) {
    out.append(r.substr(cigar_at, seq_at - cigar_at));
  } else {
    set(12, kZero.substr(0, 2));
  }
  if (keeps(Field::seq)) {
    out.append(r.substr(seq_at, qual_at - seq_at));
    if (keeps(Field::qual)) {
      out.append(r.substr(qual_at, bases));
    } else {
      out.append(bases, '\xff');
    }
  } else {
    set(16, kZero);
  }
  for (ByteView t = r.substr(tags_at); t.size() >= 4;) {
    const size_t n = tag_bytes(t);
    // The CG tag is the CIGAR of long reads and goes with it.
    const bool is_cigar = t.starts_with("CGBI");
    if (is_cigar ? keeps(Field::cigar) : keeps_tag(t.substr(0, 2))) out.append(t.substr(0, n));
    t.remove_prefix(std::min(n, t.size()));
  }
  put32(out.data() + start, static_cast<uint32_t>(out.size() - start - 4));
}

}  // namespace medarc::genomics

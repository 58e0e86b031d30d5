#include "genomics/bam_record.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace medarc::genomics {
namespace {

// Little-endian loads; BAM's own order.
template <class T>
T load(const char* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  if constexpr (std::endian::native == std::endian::big) {
    if constexpr (sizeof(T) == 2) v = static_cast<T>(__builtin_bswap16(static_cast<uint16_t>(v)));
    if constexpr (sizeof(T) == 4) v = static_cast<T>(__builtin_bswap32(static_cast<uint32_t>(v)));
  }
  return v;
}

Error bad(const char* what) { return make_error(Code::invalid_argument, what); }

struct Layout {
  uint32_t name_bytes, cigar_ops, bases;
  uint64_t cigar_at, seq_at, qual_at, tags_at;
};

Layout layout_of(ByteView r) {
  Layout l;
  l.name_bytes = static_cast<uint8_t>(r[8]);
  l.cigar_ops = load<uint16_t>(r.data() + 12);
  l.bases = load<uint32_t>(r.data() + 16);
  l.cigar_at = kRecordFixedBytes + l.name_bytes;
  l.seq_at = l.cigar_at + 4ull * l.cigar_ops;
  l.qual_at = l.seq_at + (uint64_t{l.bases} + 1) / 2;
  l.tags_at = l.qual_at + l.bases;
  return l;
}

// M, D, N, = and X consume reference bases; M, I, S, = and X consume read bases.
constexpr uint32_t kReferenceOps = 1u << 0 | 1u << 2 | 1u << 3 | 1u << 7 | 1u << 8;
constexpr uint32_t kReadOps = 1u << 0 | 1u << 1 | 1u << 4 | 1u << 7 | 1u << 8;
constexpr uint32_t kOpsCount = 9;

struct CigarSums {
  int64_t reference = 0, read = 0;
  bool valid = true;
};

CigarSums sum_cigar(const char* p, uint64_t ops) {
  CigarSums out;
  for (uint64_t i = 0; i < ops; ++i, p += 4) {
    const uint32_t v = load<uint32_t>(p);
    const uint32_t op = v & 15, length = v >> 4;
    if (op >= kOpsCount) out.valid = false;
    if (kReferenceOps >> op & 1) out.reference += length;
    if (kReadOps >> op & 1) out.read += length;
  }
  return out;
}

size_t value_bytes(char type) {
  switch (type) {
    case 'A':
    case 'c':
    case 'C': return 1;
    case 's':
    case 'S': return 2;
    case 'i':
    case 'I':
    case 'f': return 4;
    default: return 0;
  }
}

int64_t integer_of(char type, const char* p) {
  switch (type) {
    case 'c': return load<int8_t>(p);
    case 'C': return load<uint8_t>(p);
    case 's': return load<int16_t>(p);
    case 'S': return load<uint16_t>(p);
    case 'i': return load<int32_t>(p);
    case 'I': return load<uint32_t>(p);
    default: return 0;
  }
}

// The CIGAR of a record with more than 65,535 operations stands in its CG tag (SAM 4.2.2); the
// record itself then says "kSmN". Finds it, and NM, while checking the framing of all tags.
struct Tags {
  const char* long_cigar = nullptr;
  uint32_t long_ops = 0;
  std::optional<int64_t> edit_distance;
  bool valid = false;
};

Tags walk_tags(ByteView t) {
  Tags out;
  while (!t.empty()) {
    if (t.size() < 4) return out;
    const char type = t[2];
    const bool is_cg = t[0] == 'C' && t[1] == 'G';
    const bool is_nm = t[0] == 'N' && t[1] == 'M' && !out.edit_distance;
    if (is_nm) out.edit_distance = 0;
    t.remove_prefix(3);
    if (type == 'Z' || type == 'H') {
      const size_t end = t.find('\0');
      if (end == ByteView::npos) return out;
      t.remove_prefix(end + 1);
    } else if (type == 'B') {
      if (t.size() < 5) return out;
      const size_t each = value_bytes(t[0]);
      const uint64_t count = load<uint32_t>(t.data() + 1);
      if (each == 0 || t[0] == 'A' || count * each > t.size() - 5) return out;
      if (is_cg && t[0] == 'I') {
        out.long_cigar = t.data() + 5;
        out.long_ops = static_cast<uint32_t>(count);
      }
      t.remove_prefix(5 + count * each);
    } else {
      const size_t n = value_bytes(type);
      if (n == 0 || t.size() < n) return out;
      if (is_nm) out.edit_distance = integer_of(type, t.data());
      t.remove_prefix(n);
    }
  }
  out.valid = true;
  return out;
}

bool stands_for_long_cigar(ByteView r, const Layout& l) {
  return l.cigar_ops == 2 && load<uint32_t>(r.data() + l.cigar_at) == (l.bases << 4 | 4) &&
         (load<uint32_t>(r.data() + l.cigar_at + 4) & 15) == 3;
}

RecordFacts fixed_fields(ByteView r) {
  RecordFacts f;
  f.tid = load<int32_t>(r.data());
  f.begin = load<int32_t>(r.data() + 4);
  f.mapping_quality = static_cast<uint8_t>(r[9]);
  f.flag = load<uint16_t>(r.data() + 14);
  f.mate_tid = load<int32_t>(r.data() + 20);
  return f;
}

void set_end(RecordFacts& f, int64_t covered) {
  if ((f.flag & kUnmapped) != 0 || covered == 0) covered = 1;
  f.end = static_cast<int32_t>(std::min<int64_t>(int64_t{f.begin} + covered, INT32_MAX));
}

}  // namespace

Result<RecordFacts> check_record(ByteView r, const BamHeader& header, RecordParts* parts) {
  if (r.size() < kRecordFixedBytes) return bad("it is shorter than its fixed fields");
  const Layout l = layout_of(r);
  if (l.tags_at > r.size()) return bad("name, CIGAR, SEQ and QUAL are longer than the record");
  if (l.name_bytes == 0 || r[kRecordFixedBytes + l.name_bytes - 1] != '\0')
    return bad("its name does not end");
  RecordFacts f = fixed_fields(r);
  const int32_t mate_begin = load<int32_t>(r.data() + 24);
  const auto references = static_cast<int64_t>(header.references.size());
  const auto placed = [&](int32_t tid, int32_t begin) {
    if (tid < -1 || tid >= references || begin < -1) return false;
    return tid < 0 || begin < 0 ||
           static_cast<uint32_t>(begin) < std::max(header.references[tid].bases, 1u);
  };
  if (!placed(f.tid, f.begin))
    return bad("its reference or position is not in the header's ranges");
  // Where the mate begins is hearsay: files cut from larger ones name places behind the end.
  if (f.mate_tid < -1 || f.mate_tid >= references || mate_begin < -1) {
    return bad("its mate's reference or position is not in the header's ranges");
  }
  const Tags tags = walk_tags(r.substr(l.tags_at));
  if (!tags.valid) return bad("its optional fields are not well-formed");
  const bool long_cigar = tags.long_cigar != nullptr && stands_for_long_cigar(r, l);
  const char* const cigar = long_cigar ? tags.long_cigar : r.data() + l.cigar_at;
  const uint32_t ops = long_cigar ? tags.long_ops : l.cigar_ops;
  const CigarSums sums = sum_cigar(cigar, ops);
  if (!sums.valid) return bad("its CIGAR holds an unknown operation");
  if (l.bases > 0 && sums.read > 0 && sums.read != l.bases) {
    return bad("its CIGAR and SEQ have different lengths");
  }
  set_end(f, sums.reference);
  if (parts == nullptr) return f;
  parts->name = r.substr(kRecordFixedBytes, l.name_bytes - 1);
  parts->cigar = ByteView(cigar, 4 * size_t{ops});
  parts->sequence = r.substr(l.seq_at, l.qual_at - l.seq_at);
  parts->qualities = r.substr(l.qual_at, l.bases);
  parts->tags = r.substr(l.tags_at);
  parts->bases = l.bases;
  parts->mate_begin = mate_begin;
  parts->template_bases = load<int32_t>(r.data() + 28);
  parts->edit_distance = tags.edit_distance.value_or(0);
  return f;
}

CigarPlace cigar_of(ByteView r) {
  const Layout l = layout_of(r);
  if (stands_for_long_cigar(r, l)) {
    const Tags tags = walk_tags(r.substr(l.tags_at));
    if (tags.long_cigar != nullptr) return {tags.long_cigar, tags.long_ops, l.qual_at};
  }
  return {r.data() + l.cigar_at, l.cigar_ops, l.qual_at};
}

RecordFacts facts_of(ByteView r) {
  RecordFacts f = fixed_fields(r);
  const CigarPlace cigar = cigar_of(r);
  set_end(f, sum_cigar(cigar.data, cigar.ops).reference);
  return f;
}

}  // namespace medarc::genomics

#include "genomics/cold/columns.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>

#include "genomics/bam_record.h"

namespace medarc::genomics {
namespace {

// Parts of ColumnLayout::records. Kept for good.
constexpr size_t kBefore = 0, kBehind = 1;  // what is no whole record
constexpr size_t kFixed = 2;                // 36 columns: each byte of a record's fixed part
constexpr size_t kHeadBytes = 4 + kRecordFixedBytes;
constexpr size_t kNames = kFixed + kHeadBytes, kCigars = kNames + 1, kBases = kCigars + 1,
                 kQualities = kBases + 1;
constexpr size_t kTagKeys = kQualities + 1;  // three bytes a tag: name and type
constexpr size_t kTagKinds = kTagKeys + 1;   // the different ones, in the order of their columns
constexpr size_t kFirstTag = kTagKinds + 1;  // values, a column for each kind
constexpr size_t kTagKeyBytes = 3;

constexpr size_t kSearchedBytesMax = 4u << 20;  // for the first record
constexpr int kChainWanted = 3;                 // records that have to follow each other
constexpr uint32_t kRecordBytesMax = 64u << 20;

uint32_t get32(const char* p) {
  const auto* u = reinterpret_cast<const uint8_t*>(p);
  return uint32_t{u[0]} | uint32_t{u[1]} << 8 | uint32_t{u[2]} << 16 | uint32_t{u[3]} << 24;
}
void put32(char* p, uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<char>(v >> (8 * i));
}

// Offsets in a record, its length field included (SAM specification 4.2).
constexpr size_t kSizeAt = 0, kReferenceAt = 4, kPositionAt = 8, kNameBytesAt = 12,
                 kCigarOpsAt = 16, kBasesAt = 20, kMateReferenceAt = 24, kMatePositionAt = 28;

// Lengths of a record's parts, as its fixed part says.
struct Lengths {
  uint64_t name, cigar, bases, qualities;
  uint64_t without_tags() const { return kRecordFixedBytes + name + cigar + bases + qualities; }
};
Lengths lengths_of(const char* head) {
  const uint64_t ops = static_cast<uint8_t>(head[kCigarOpsAt]) |
                       uint64_t{static_cast<uint8_t>(head[kCigarOpsAt + 1])} << 8;
  const uint64_t bases = get32(head + kBasesAt);
  return {static_cast<uint8_t>(head[kNameBytesAt]), ops * 4, (bases + 1) / 2, bases};
}

// Of the value of a tag whose three bytes were read; nullopt: no such type, or it goes on behind
// `rest`.
std::optional<size_t> value_bytes(char type, ByteView rest) {
  size_t n = 0;
  switch (type) {
    case 'A':
    case 'c':
    case 'C': n = 1; break;
    case 's':
    case 'S': n = 2; break;
    case 'i':
    case 'I':
    case 'f': n = 4; break;
    case 'Z':
    case 'H': {
      const size_t end = rest.find('\0');
      if (end == rest.npos) return std::nullopt;
      n = end + 1;
      break;
    }
    case 'B': {
      if (rest.size() < 5) return std::nullopt;
      const auto one = value_bytes(rest[0], ByteView("\0\0\0\0", 4));
      if (!one || rest[0] == 'A' || rest[0] == 'Z' || rest[0] == 'H') return std::nullopt;
      const uint64_t all = 5 + uint64_t{get32(rest.data() + 1)} * *one;
      if (all > rest.size()) return std::nullopt;
      n = all;
      break;
    }
    default: return std::nullopt;
  }
  if (n > rest.size()) return std::nullopt;
  return n;
}

bool may_begin_record(ByteView rest) {
  if (rest.size() < kHeadBytes) return false;
  const char* p = rest.data();
  const uint32_t size = get32(p + kSizeAt);
  const Lengths l = lengths_of(p);
  if (size < kRecordBytesMin || size > kRecordBytesMax || l.name == 0 || l.without_tags() > size) {
    return false;
  }
  for (const size_t at : {kReferenceAt, kPositionAt, kMateReferenceAt, kMatePositionAt}) {
    const uint32_t v = get32(p + at);
    if (v > INT32_MAX && v != UINT32_MAX) return false;  // -1 at least
  }
  const ByteView name = rest.substr(kHeadBytes, l.name);
  if (name.size() < l.name || name.back() != '\0') return false;
  return std::all_of(name.begin(), name.end() - 1, [](char c) { return c >= '!' && c <= '~'; });
}

// Where the first record begins; npos: nowhere.
size_t first_record(ByteView plain) {
  const auto header_end = [&]() -> size_t {
    if (!plain.starts_with(ByteView("BAM\1", 4)) || plain.size() < 12) return 0;
    uint64_t at = uint64_t{8} + get32(plain.data() + 4);
    if (at + 4 > plain.size()) return ByteView::npos;
    const uint32_t references = get32(plain.data() + at);
    at += 4;
    for (uint32_t i = 0; i < references; ++i) {
      if (at + 4 > plain.size()) return ByteView::npos;
      at += uint64_t{8} + get32(plain.data() + at);
      if (at > plain.size()) return ByteView::npos;
    }
    return at;
  };
  const size_t from = header_end();
  if (from == ByteView::npos) return from;
  for (size_t at = from; at < std::min(plain.size(), from + kSearchedBytesMax); ++at) {
    size_t next = at;
    int chain = 0;
    while (chain < kChainWanted && may_begin_record(plain.substr(next))) {
      ++chain;
      next += size_t{4} + get32(plain.data() + next);
      if (next >= plain.size()) chain = kChainWanted;
    }
    if (chain == kChainWanted) return at;
  }
  return ByteView::npos;
}

class RecordSplitter {
 public:
  explicit RecordSplitter(std::vector<Bytes>& parts) : parts_(parts) { parts_.resize(kFirstTag); }

  // False: it cannot be taken apart.
  bool add(ByteView record) {  // with its length field
    const Lengths l = lengths_of(record.data());
    if (l.without_tags() + 4 > record.size()) return false;
    std::array<char, kHeadBytes> head;
    std::copy_n(record.data(), kHeadBytes, head.begin());
    const uint32_t position = get32(&head[kPositionAt]), mate = get32(&head[kMatePositionAt]);
    const auto tag_bytes = static_cast<uint32_t>(record.size() - 4 - l.without_tags());
    put32(&head[kSizeAt], tag_bytes);
    put32(&head[kPositionAt], position - last_position_);
    put32(&head[kMatePositionAt], mate - position);
    last_position_ = position;
    for (size_t i = 0; i < kHeadBytes; ++i) parts_[kFixed + i] += head[i];
    ByteView rest = record.substr(kHeadBytes);
    const auto take = [&](size_t part, uint64_t n) {
      parts_[part].append(rest.substr(0, n));
      rest.remove_prefix(n);
    };
    take(kNames, l.name);
    take(kCigars, l.cigar);
    take(kBases, l.bases);
    take(kQualities, l.qualities);
    while (!rest.empty()) {
      if (rest.size() < kTagKeyBytes) return false;
      const Bytes key(rest.substr(0, kTagKeyBytes));
      const auto n = value_bytes(key[2], rest.substr(kTagKeyBytes));
      if (!n) return false;
      take(kTagKeys, kTagKeyBytes);
      const auto [kind, is_new] = kinds_.emplace(key, parts_.size());
      if (is_new) {
        if (kinds_.size() > kTagKindsMax) return false;
        parts_[kTagKinds] += key;
        parts_.emplace_back();
      }
      take(kind->second, *n);
    }
    return true;
  }

 private:
  std::vector<Bytes>& parts_;
  std::map<Bytes, size_t> kinds_;
  uint32_t last_position_ = 0;
};

bool split_records(ByteView plain, std::vector<Bytes>& parts) {
  size_t at = first_record(plain);
  if (at == ByteView::npos) return false;
  RecordSplitter splitter(parts);
  parts[kBefore] = plain.substr(0, at);
  while (plain.size() - at >= 4) {
    const uint64_t n = uint64_t{4} + get32(plain.data() + at);
    if (n < kHeadBytes || n > plain.size() - at) break;
    if (!splitter.add(plain.substr(at, n))) return false;
    at += n;
  }
  parts[kBehind] = plain.substr(at);
  return true;
}

void split_fourths(ByteView plain, std::vector<Bytes>& parts) {
  parts.resize(4);
  for (size_t line = 0; !plain.empty(); ++line) {
    const size_t n = std::min(plain.find('\n'), plain.size() - 1) + 1;
    parts[line % 4].append(plain.substr(0, n));
    plain.remove_prefix(n);
  }
}

Error not_columns() { return make_error(Code::corrupt, "columns that do not fit together"); }

// Puts `out` together from the fronts of columns.
class Joiner {
 public:
  Joiner(const std::vector<Bytes>& parts, size_t plain_bytes)
      : rest_(parts.begin(), parts.end()), plain_bytes_(plain_bytes) {
    out_.reserve(plain_bytes);
  }
  bool full() const { return out_.size() == plain_bytes_; }
  const ByteView& rest(size_t part) const { return rest_[part]; }
  // False: there are not so many, or too many then.
  bool take(size_t part, uint64_t n) {
    if (n > rest_[part].size() || n > plain_bytes_ - out_.size()) return false;
    out_.append(rest_[part].substr(0, n));
    rest_[part].remove_prefix(n);
    return true;
  }
  bool put(ByteView bytes) {
    if (bytes.size() > plain_bytes_ - out_.size()) return false;
    out_.append(bytes);
    return true;
  }
  bool skip(size_t part, uint64_t n, char* to) {
    if (n > rest_[part].size()) return false;
    std::memcpy(to, rest_[part].data(), n);
    rest_[part].remove_prefix(n);
    return true;
  }
  // When all columns are used up, and all was made.
  Result<Bytes> finish() {
    for (const ByteView rest : rest_) {
      if (!rest.empty()) return not_columns();
    }
    if (!full()) return not_columns();
    return std::move(out_);
  }

 private:
  std::vector<ByteView> rest_;
  const size_t plain_bytes_;
  Bytes out_;
};

Result<Bytes> join_records(const std::vector<Bytes>& parts, size_t plain_bytes) {
  if (parts.size() < kFirstTag) return not_columns();
  const Bytes& kinds = parts[kTagKinds];
  if (kinds.size() != (parts.size() - kFirstTag) * kTagKeyBytes) return not_columns();
  std::map<ByteView, size_t> places;
  for (size_t i = 0; i < kinds.size() / kTagKeyBytes; ++i) {
    places.emplace(ByteView(kinds).substr(i * kTagKeyBytes, kTagKeyBytes), kFirstTag + i);
  }
  Joiner out(parts, plain_bytes);
  Bytes used(kinds.size(), '\0');  // the list of kinds is no part of the bytes
  if (!out.skip(kTagKinds, kinds.size(), used.data()) ||
      !out.take(kBefore, parts[kBefore].size())) {
    return not_columns();
  }
  uint32_t last_position = 0;
  while (!out.rest(kFixed).empty()) {
    std::array<char, kHeadBytes> head;
    for (size_t i = 0; i < kHeadBytes; ++i) {
      if (!out.skip(kFixed + i, 1, &head[i])) return not_columns();
    }
    const Lengths l = lengths_of(head.data());
    uint64_t tag_bytes = get32(&head[kSizeAt]);
    const uint64_t size = l.without_tags() + tag_bytes;
    if (size > plain_bytes) return not_columns();
    const uint32_t position = get32(&head[kPositionAt]) + last_position;
    put32(&head[kSizeAt], static_cast<uint32_t>(size));
    put32(&head[kPositionAt], position);
    put32(&head[kMatePositionAt], get32(&head[kMatePositionAt]) + position);
    last_position = position;
    if (!out.put({head.data(), head.size()}) || !out.take(kNames, l.name) ||
        !out.take(kCigars, l.cigar) || !out.take(kBases, l.bases) ||
        !out.take(kQualities, l.qualities)) {
      return not_columns();
    }
    while (tag_bytes > 0) {
      const auto place = places.find(out.rest(kTagKeys).substr(0, kTagKeyBytes));
      if (place == places.end()) return not_columns();
      const auto n = value_bytes(place->first[2], out.rest(place->second));
      if (!n || kTagKeyBytes + *n > tag_bytes || !out.take(kTagKeys, kTagKeyBytes) ||
          !out.take(place->second, *n)) {
        return not_columns();
      }
      tag_bytes -= kTagKeyBytes + *n;
    }
  }
  if (!out.take(kBehind, parts[kBehind].size())) return not_columns();
  return out.finish();
}

Result<Bytes> join_fourths(const std::vector<Bytes>& parts, size_t plain_bytes) {
  if (parts.size() != 4) return not_columns();
  Joiner out(parts, plain_bytes);
  for (size_t line = 0; !out.full(); ++line) {
    const ByteView rest = out.rest(line % 4);
    const size_t end = rest.find('\n');
    if (rest.empty() || !out.take(line % 4, end == rest.npos ? rest.size() : end + 1)) {
      return not_columns();
    }
  }
  return out.finish();
}

}  // namespace

ColumnLayout layout_for(std::string_view format) {
  if (format == "bam") return ColumnLayout::records;
  return format == "fastq" ? ColumnLayout::fourths : ColumnLayout::one;
}

Columns split_columns(ByteView plain, ColumnLayout wanted) {
  Columns out{wanted, {}};
  if (wanted == ColumnLayout::fourths) {
    split_fourths(plain, out.parts);
    return out;
  }
  if (wanted == ColumnLayout::records && split_records(plain, out.parts)) return out;
  return {ColumnLayout::one, {Bytes(plain)}};
}

Result<Bytes> join_columns(const Columns& columns, size_t plain_bytes) {
  switch (columns.layout) {
    case ColumnLayout::one:
      if (columns.parts.size() != 1 || columns.parts[0].size() != plain_bytes) break;
      return columns.parts[0];
    case ColumnLayout::records: return join_records(columns.parts, plain_bytes);
    case ColumnLayout::fourths: return join_fourths(columns.parts, plain_bytes);
  }
  return not_columns();
}

}  // namespace medarc::genomics

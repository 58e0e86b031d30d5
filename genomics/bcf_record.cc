#include "genomics/bcf_record.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

constexpr uint32_t kCountFollows = 15;

uint32_t le16(const char* p) {
  const auto* u = reinterpret_cast<const uint8_t*>(p);
  return static_cast<uint32_t>(u[0] | u[1] << 8);
}
uint32_t le32(const char* p) { return le16(p) | le16(p + 2) << 16; }

Error bad(const char* what) { return make_error(Code::invalid_argument, what); }

bool is_integer(BcfValue::Type t) {
  return t == BcfValue::Type::int8 || t == BcfValue::Type::int16 || t == BcfValue::Type::int32;
}

ByteView without_nuls(ByteView text) { return text.substr(0, text.find('\0')); }

bool names(const VcfHeader& header, std::optional<uint32_t> key) {
  return key && *key < header.dictionary.size() && !header.dictionary[*key].empty();
}

Status check_individual(ByteView bytes, const BcfFixed& fixed, const VcfHeader& header) {
  BcfReader reader(bytes);
  for (uint32_t i = 0; i < fixed.formats; ++i) {
    if (!names(header, reader.key())) return bad("a FORMAT field is not of the header");
    (void)reader.values(fixed.samples);
    if (!reader.ok()) return bad("its FORMAT fields are longer than the record");
  }
  return {};
}

}  // namespace

size_t bytes_of(BcfValue::Type type) {
  switch (type) {
    case BcfValue::Type::missing: return 0;
    case BcfValue::Type::int8:
    case BcfValue::Type::text: return 1;
    case BcfValue::Type::int16: return 2;
    case BcfValue::Type::int32:
    case BcfValue::Type::real: return 4;
  }
  return 0;
}

BcfValue BcfReader::values(uint64_t times) {
  BcfValue out;
  if (!ok_ || rest_.empty()) {
    ok_ = false;
    return out;
  }
  const auto head = static_cast<uint8_t>(rest_[0]);
  rest_.remove_prefix(1);
  const uint32_t type = head & 15;
  if (type == 4 || type == 6 || type > 7) {
    ok_ = false;
    return out;
  }
  out.type = static_cast<BcfValue::Type>(type);
  out.count = head >> 4;
  if (out.count == kCountFollows) {
    // The count is a value of its own, one number; it cannot have a count behind it in turn.
    if (rest_.empty() || static_cast<uint8_t>(rest_[0]) >> 4 != 1) {
      ok_ = false;
      return out;
    }
    const auto count = key();
    if (!count) return out;
    out.count = *count;
  }
  const uint64_t bytes = uint64_t{out.count} * bytes_of(out.type);
  if (times > 0 && bytes > rest_.size() / times) {
    ok_ = false;
    return out;
  }
  out.bytes = rest_.substr(0, bytes * times);
  rest_.remove_prefix(out.bytes.size());
  return out;
}

BcfValue BcfReader::value() { return values(1); }

std::optional<uint32_t> BcfReader::key() {
  // Not through value(): a number that counts does not itself have a count behind it.
  if (!ok_ || rest_.empty() || static_cast<uint8_t>(rest_[0]) >> 4 != 1) {
    ok_ = false;
    return std::nullopt;
  }
  const BcfValue v = value();
  if (!ok_ || !is_integer(v.type)) {
    ok_ = false;
    return std::nullopt;
  }
  const int32_t n = bcf_integer(v, 0);
  if (n < 0) {
    ok_ = false;
    return std::nullopt;
  }
  return static_cast<uint32_t>(n);
}

int32_t bcf_integer(const BcfValue& v, size_t i) {
  const char* p = v.bytes.data() + i * bytes_of(v.type);
  switch (v.type) {
    case BcfValue::Type::int8: {
      const auto n = static_cast<int8_t>(*p);
      return n == INT8_MIN ? kBcfMissing : n == INT8_MIN + 1 ? kBcfEnd : n;
    }
    case BcfValue::Type::int16: {
      const auto n = static_cast<int16_t>(le16(p));
      return n == INT16_MIN ? kBcfMissing : n == INT16_MIN + 1 ? kBcfEnd : n;
    }
    case BcfValue::Type::int32: return static_cast<int32_t>(le32(p));
    default: return kBcfMissing;
  }
}

BcfFixed bcf_fixed(ByteView r) {
  BcfFixed f;
  f.contig = static_cast<int32_t>(le32(r.data()));
  f.position = static_cast<int32_t>(le32(r.data() + 4));
  f.bases = static_cast<int32_t>(le32(r.data() + 8));
  f.quality_bits = le32(r.data() + 12);
  f.infos = le16(r.data() + 16);
  f.alleles = le16(r.data() + 18);
  const uint32_t n = le32(r.data() + 20);
  f.samples = n & 0xFFFFFF;
  f.formats = n >> 24;
  return f;
}

RecordFacts place_of_bcf(ByteView r) {
  const BcfFixed f = bcf_fixed(r);
  RecordFacts out;
  out.tid = f.contig;
  out.begin = std::max(f.position, 0);
  const int64_t end = int64_t{f.position} + f.bases;
  out.end = static_cast<int32_t>(std::clamp<int64_t>(end, int64_t{out.begin} + 1, INT32_MAX));
  return out;
}

Result<VariantFacts> check_bcf_record(ByteView r, uint32_t shared_bytes, const VcfHeader& header) {
  if (shared_bytes < kBcfFixedBytes || shared_bytes > r.size()) return bad("its lengths cannot be");
  const BcfFixed f = bcf_fixed(r);
  const auto& contigs = header.file.references;
  if (f.contig < 0 || static_cast<size_t>(f.contig) >= contigs.size() ||
      contigs[static_cast<size_t>(f.contig)].name.empty()) {
    return bad("its contig is not of the header");
  }
  if (f.position < -1 || f.position == INT32_MAX || f.bases < 0) {
    return bad("its position or length cannot be");
  }
  if (f.samples != header.file.samples.size() && (f.formats > 0 || f.samples > 0)) {
    return bad("it has not as many samples as the header");
  }
  if (f.alleles == 0) return bad("it has no REF");
  VariantFacts out;
  BcfReader shared(r.substr(0, shared_bytes).substr(kBcfFixedBytes));
  const BcfValue id = shared.value();
  if (id.type != BcfValue::Type::text && id.count > 0) return bad("its ID is no text");
  ByteView ref;
  for (uint32_t i = 0; i < f.alleles && shared.ok(); ++i) {
    const BcfValue allele = shared.value();
    if (!shared.ok()) break;
    if (allele.type != BcfValue::Type::text) return bad("an allele is no text");
    const ByteView text = without_nuls(allele.bytes);
    if (i == 0) {
      ref = text;
      if (ref.empty()) return bad("it has no REF");
    } else {
      out.types |= variant_type(ref, text);
      ++out.alts;
    }
  }
  const BcfValue filters = shared.value();
  if (!shared.ok()) return bad("its shared part is shorter than what it holds");
  if (filters.count > 0 && !is_integer(filters.type)) return bad("its FILTER is no list of names");
  for (uint32_t i = 0; i < filters.count; ++i) {
    const int32_t n = bcf_integer(filters, i);
    if (n < 0 || !names(header, static_cast<uint32_t>(n)))
      return bad("a filter is not of the header");
  }
  for (uint32_t i = 0; i < f.infos; ++i) {
    if (!names(header, shared.key())) return bad("an INFO field is not of the header");
    (void)shared.value();
    if (!shared.ok()) return bad("its INFO fields are longer than the record");
  }
  MEDARC_TRY(check_individual(r.substr(shared_bytes), f, header));
  out.place = place_of_bcf(r);
  out.end_in_index = out.place.end;
  return out;
}

}  // namespace medarc::genomics

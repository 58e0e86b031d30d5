#include "genomics/bcf_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace medarc::genomics {
namespace {

constexpr uint32_t kRealMissing = 0x7F800001, kRealEnd = 0x7F800002;
constexpr char kTextMissing = '\7';

uint32_t le32(ByteView b, size_t at) {
  const auto* u = reinterpret_cast<const uint8_t*>(b.data()) + at;
  return u[0] | uint32_t{u[1]} << 8 | uint32_t{u[2]} << 16 | uint32_t{u[3]} << 24;
}

// As HTSlib writes numbers: six significant digits at most.
void append_real(uint32_t bits, Bytes& out) {
  if (bits == kRealMissing) {
    out += '.';
  } else {
    fmt::format_to(std::back_inserter(out), "{:g}", std::bit_cast<float>(bits));
  }
}

// Values of one INFO field or of one sample, between commas; "." when there is none.
void append_values(const BcfValue& v, Bytes& out) {
  const size_t start = out.size();
  if (v.type == BcfValue::Type::text) {
    for (const char c : v.bytes.substr(0, v.bytes.find('\0'))) out += c == kTextMissing ? '.' : c;
  } else if (v.type == BcfValue::Type::real) {
    for (size_t i = 0; i < v.count; ++i) {
      const uint32_t bits = le32(v.bytes, i * 4);
      if (bits == kRealEnd) break;
      if (i > 0) out += ',';
      append_real(bits, out);
    }
  } else if (v.type != BcfValue::Type::missing) {
    for (size_t i = 0; i < v.count; ++i) {
      const int32_t n = bcf_integer(v, i);
      if (n == kBcfEnd) break;
      if (i > 0) out += ',';
      out += n == kBcfMissing ? "." : std::to_string(n);
    }
  }
  if (out.size() == start) out += '.';
}

// VCF 4.5, section 6.3.3: the allele and one, shifted by a bit that says "phased".
void append_genotype(const BcfValue& v, Bytes& out) {
  const size_t start = out.size();
  for (size_t i = 0; i < v.count; ++i) {
    const int32_t n = bcf_integer(v, i);
    if (n == kBcfEnd) break;
    if (i > 0) out += (n & 1) != 0 ? '|' : '/';
    out += n >> 1 > 0 ? std::to_string((n >> 1) - 1) : ".";
  }
  if (out.size() == start) out += '.';
}

std::string_view name_of(const VcfHeader& header, std::optional<uint32_t> key) {
  if (!key || *key >= header.dictionary.size()) return ".";
  return header.dictionary[*key];
}

void append_shared(const VcfHeader& header, const BcfFixed& f, BcfReader& shared, Bytes& out) {
  append_values(shared.value(), out);  // ID
  for (uint32_t i = 0; i < std::max(f.alleles, 1u) && shared.ok(); ++i) {
    out += i < 2 ? '\t' : ',';
    append_values(shared.value(), out);
  }
  if (f.alleles < 2) out += "\t.";
  out += '\t';
  append_real(f.quality_bits, out);
  out += '\t';
  const BcfValue filters = shared.value();
  for (size_t i = 0; i < filters.count; ++i) {
    if (i > 0) out += ';';
    out += name_of(header, static_cast<uint32_t>(bcf_integer(filters, i)));
  }
  if (filters.count == 0) out += '.';
  out += '\t';
  for (uint32_t i = 0; i < f.infos && shared.ok(); ++i) {
    if (i > 0) out += ';';
    out += name_of(header, shared.key());
    const BcfValue v = shared.value();
    if (v.count == 0) continue;  // a flag
    out += '=';
    append_values(v, out);
  }
  if (f.infos == 0) out += '.';
}

void append_individual(const VcfHeader& header, const BcfFixed& f, ByteView bytes, Bytes& out) {
  struct Format {
    std::string_view name;
    BcfValue values;  // of all samples
  };
  std::vector<Format> formats;
  BcfReader reader(bytes);
  for (uint32_t i = 0; i < f.formats && reader.ok(); ++i) {
    const auto name = name_of(header, reader.key());
    formats.push_back({name, reader.values(f.samples)});
  }
  out += '\t';
  for (size_t i = 0; i < formats.size(); ++i) {
    if (i > 0) out += ':';
    out += formats[i].name;
  }
  if (formats.empty()) out += '.';
  const size_t samples = header.file.samples.size();
  for (size_t s = 0; s < samples; ++s) {
    out += '\t';
    for (size_t i = 0; i < formats.size(); ++i) {
      if (i > 0) out += ':';
      BcfValue one = formats[i].values;
      const size_t bytes_each = one.count * bytes_of(one.type);
      one.bytes = one.bytes.substr(std::min(s * bytes_each, one.bytes.size()), bytes_each);
      if (one.bytes.size() < bytes_each) one.count = 0;
      if (formats[i].name == "GT" && one.type != BcfValue::Type::text) {
        append_genotype(one, out);
      } else {
        append_values(one, out);
      }
    }
    if (formats.empty()) out += '.';
  }
}

}  // namespace

void append_vcf_line(const VcfHeader& header, ByteView record, Bytes& out) {
  const uint32_t shared_bytes = le32(record, 0);
  const ByteView r = record.substr(kBcfHeadBytes);
  const BcfFixed f = bcf_fixed(r);
  const auto contig = static_cast<size_t>(f.contig);
  out += contig < header.file.references.size() ? header.file.references[contig].name : ".";
  out += '\t';
  out += std::to_string(int64_t{f.position} + 1);
  out += '\t';
  BcfReader shared(r.substr(kBcfFixedBytes, shared_bytes - kBcfFixedBytes));
  append_shared(header, f, shared, out);
  if (!header.file.samples.empty()) append_individual(header, f, r.substr(shared_bytes), out);
  out += '\n';
}

}  // namespace medarc::genomics

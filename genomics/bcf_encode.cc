#include "genomics/bcf_encode.h"

#include <algorithm>

#include "genomics/bcf_values.h"
#include "genomics/vcf_line.h"

namespace medarc::genomics {
namespace {

constexpr uint32_t kInfosMax = 65'535, kAllelesMax = 65'535, kFormatsMax = 255;

Error too_many(const char* what) {
  return make_error(Code::unsupported,
                    std::string("a record has more ") + what + " than a BCF record holds");
}

std::vector<ByteView> pieces_of(ByteView text, char separator) {
  std::vector<ByteView> out;
  for (size_t at = 0;;) {
    const size_t next = std::min(text.find(separator, at), text.size());
    out.push_back(text.substr(at, next - at));
    if (next == text.size()) return out;
    at = next + 1;
  }
}

bool absent(ByteView text) { return text.empty() || text == "."; }

// The vectors of all samples, each filled up to the longest.
template <class T>
std::vector<T> filled(const std::vector<std::vector<T>>& samples, T missing, T end, size_t& each) {
  each = 1;
  for (const auto& one : samples) each = std::max(each, one.size());
  std::vector<T> out;
  out.reserve(samples.size() * each);
  for (const auto& one : samples) {
    out.insert(out.end(), one.begin(), one.end());
    if (one.empty()) out.push_back(missing);
    out.resize(out.size() + each - std::max<size_t>(one.size(), 1), end);
  }
  return out;
}

void put_texts(const std::vector<ByteView>& samples, Bytes& out) {
  size_t each = 1;
  for (const ByteView one : samples) each = std::max(each, one.size());
  put_bcf_head(BcfValue::Type::text, each, out);
  for (const ByteView one : samples) {
    out += one.empty() ? ByteView(".") : one;
    out.append(each - std::max<size_t>(one.size(), 1), '\0');
  }
}

}  // namespace

Bytes bcf_header_bytes(const VcfHeader& header, size_t declared) {
  const ByteView text = header.file.text;
  const size_t columns = text.rfind("#CHROM\t");
  Bytes all(text.substr(0, columns));
  for (size_t n = declared; n < header.file.references.size(); ++n) {
    all += "##contig=<ID=" + header.file.references[n].name + ",IDX=" + std::to_string(n) + ">\n";
  }
  all += text.substr(columns);
  if (!all.ends_with('\n')) all += '\n';
  all += '\0';
  Bytes out("BCF\2\2", 5);
  put_le32(static_cast<uint32_t>(all.size()), out);
  return out + all;
}

BcfEncoder::BcfEncoder(const VcfHeader& header) : header_(header) {
  for (size_t n = 0; n < header.dictionary.size(); ++n) {
    if (!header.dictionary[n].empty()) numbers_.emplace(header.dictionary[n], n);
  }
}

Result<uint32_t> BcfEncoder::number_of(ByteView name) const {
  const auto found = numbers_.find(std::string(name));
  if (found != numbers_.end()) return found->second;
  return make_error(Code::unsupported,
                    "the file has records with fields that its header does not declare: it is "
                    "given as VCF only");
}

Status BcfEncoder::append(ByteView line, Bytes& out) const {
  MEDARC_ASSIGN(const VcfColumns c, split_vcf_line(line, 0));
  const auto contig = header_.file.find(c.contig);
  if (!contig) return make_error(Code::unsupported, "a record is of a contig nobody knows");
  Bytes shared, individual;
  if (c.id == ".") {
    put_bcf_head(BcfValue::Type::text, 0, shared);
  } else {
    put_bcf_text(c.id, shared);
  }
  put_bcf_text(c.ref, shared);
  uint32_t alleles = 1;
  if (c.alt != ".") {
    for (const ByteView alt : pieces_of(c.alt, ',')) {
      put_bcf_text(alt, shared);
      ++alleles;
    }
  }
  if (alleles > kAllelesMax) return too_many("alleles");
  std::vector<uint32_t> quality;
  MEDARC_TRY(read_reals(c.qual, quality));
  MEDARC_TRY(put_filters(c.filter, shared));
  MEDARC_ASSIGN(const uint32_t infos, put_infos(c.info, shared));
  const size_t samples = header_.file.samples.size();
  uint32_t formats = 0;
  if (samples > 0) {
    MEDARC_ASSIGN(formats, put_formats(c.format, c.samples, individual));
  }
  const RecordFacts place = place_of_vcf(c, header_.info_end);
  const int64_t position = int64_t{c.position} - 1;
  // What lies before the first base alone is found under it, and is as long as its REF still.
  const bool before = position < 0 && place.end == 1;
  const int64_t bases = before ? static_cast<int64_t>(c.ref.size()) : place.end - position;
  put_le32(static_cast<uint32_t>(kBcfFixedBytes + shared.size()), out);
  put_le32(static_cast<uint32_t>(individual.size()), out);
  put_le32(static_cast<uint32_t>(*contig), out);
  put_le32(static_cast<uint32_t>(position), out);
  put_le32(static_cast<uint32_t>(bases), out);
  put_le32(quality.at(0), out);
  put_le32(infos | alleles << 16, out);
  put_le32(static_cast<uint32_t>(samples) | formats << 24, out);
  out += shared;
  out += individual;
  return {};
}

Status BcfEncoder::put_filters(ByteView filters, Bytes& out) const {
  std::vector<int32_t> numbers;
  if (!absent(filters)) {
    for (const ByteView name : pieces_of(filters, ';')) {
      MEDARC_ASSIGN(const uint32_t n, number_of(name));
      numbers.push_back(static_cast<int32_t>(n));
    }
  }
  if (numbers.empty()) {
    put_bcf_head(BcfValue::Type::missing, 0, out);
  } else {
    put_bcf_integers(numbers, numbers.size(), out);
  }
  return {};
}

Result<uint32_t> BcfEncoder::put_infos(ByteView infos, Bytes& out) const {
  uint32_t count = 0;
  if (absent(infos)) return count;
  for (const ByteView entry : pieces_of(infos, ';')) {
    if (entry.empty()) continue;
    const size_t equals = std::min(entry.find('='), entry.size());
    const ByteView name = entry.substr(0, equals);
    const auto declared = header_.info.find(std::string(name));
    MEDARC_ASSIGN(const uint32_t n, number_of(declared == header_.info.end() ? ByteView() : name));
    if (++count > kInfosMax) return too_many("INFO fields");
    put_bcf_integers({static_cast<int32_t>(n)}, 1, out);
    if (equals == entry.size() || declared->second.type == VcfField::Type::flag) {
      put_bcf_head(BcfValue::Type::missing, 0, out);
      continue;
    }
    const ByteView text = entry.substr(equals + 1);
    if (declared->second.type == VcfField::Type::integer) {
      std::vector<int32_t> values;
      MEDARC_TRY(read_integers(text, values));
      put_bcf_integers(values, values.size(), out);
    } else if (declared->second.type == VcfField::Type::real) {
      std::vector<uint32_t> values;
      MEDARC_TRY(read_reals(text, values));
      put_bcf_reals(values, values.size(), out);
    } else {
      put_bcf_text(text, out);
    }
  }
  return count;
}

Result<uint32_t> BcfEncoder::put_formats(ByteView formats, ByteView samples, Bytes& out) const {
  uint32_t count = 0;
  if (absent(formats)) return count;
  std::vector<std::vector<ByteView>> columns;  // of each sample
  for (const ByteView one : pieces_of(samples, '\t')) {
    columns.push_back(pieces_of(one.substr(0, one.find_first_of("\r\n")), ':'));
  }
  columns.resize(header_.file.samples.size());
  for (const ByteView name : pieces_of(formats, ':')) {
    std::vector<ByteView> values;
    for (const auto& column : columns) {
      values.push_back(count < column.size() ? column[count] : ByteView());
    }
    if (++count > kFormatsMax) return too_many("FORMAT fields");
    MEDARC_TRY(put_values(name, values, out));
  }
  return count;
}

Status BcfEncoder::put_values(ByteView name, const std::vector<ByteView>& samples,
                              Bytes& out) const {
  const auto declared = header_.format.find(std::string(name));
  MEDARC_ASSIGN(const uint32_t n, number_of(declared == header_.format.end() ? ByteView() : name));
  put_bcf_integers({static_cast<int32_t>(n)}, 1, out);
  const VcfField::Type type = declared->second.type;
  size_t each = 1;
  if (name == "GT" || type == VcfField::Type::integer) {
    std::vector<std::vector<int32_t>> values(samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      if (samples[i].empty()) continue;
      MEDARC_TRY(name == "GT" ? read_genotype(samples[i], values[i])
                              : read_integers(samples[i], values[i]));
    }
    const auto all = filled(values, kBcfMissing, kBcfEnd, each);
    put_bcf_integers(all, each, out);
  } else if (type == VcfField::Type::real) {
    std::vector<std::vector<uint32_t>> values(samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      if (!samples[i].empty()) MEDARC_TRY(read_reals(samples[i], values[i]));
    }
    const auto all = filled(values, kBcfRealMissing, kBcfRealEnd, each);
    put_bcf_reals(all, each, out);
  } else {
    put_texts(samples, out);
  }
  return {};
}

}  // namespace medarc::genomics

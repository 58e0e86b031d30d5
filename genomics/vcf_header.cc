#include "genomics/vcf_header.h"

#include <algorithm>
#include <unordered_set>

#include "genomics/vcf_line.h"

namespace medarc::genomics {
namespace {

constexpr std::string_view kVersionLine = "##fileformat=VCFv";
constexpr std::string_view kColumnsLine = "#CHROM\t";
constexpr std::string_view kFixedColumns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";
constexpr ByteView kBcfMagic{"BCF\2\2", 5};
constexpr size_t kBcfTextAt = 9;
// Numbers given by IDX may have gaps, where lines were taken out, but a short text cannot ask for a
// long table: at most so many and one for each of its bytes.
constexpr uint64_t kGapsMax = 65'536;

Error at_line(uint64_t number, const std::string& what) {
  return make_error(Code::invalid_argument,
                    "the VCF header is damaged: line " + std::to_string(number) + " " + what);
}

std::optional<uint64_t> number(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  uint64_t v = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    v = v * 10 + static_cast<uint64_t>(c - '0');
  }
  return v;
}

// Of `ID=x,Number=1,Description="a, \"b\""`, what lies between the angle brackets of a line.
struct Attributes {
  std::string_view id, number, type, length, index;

  explicit Attributes(std::string_view rest) {
    while (!rest.empty() && rest[0] != '>') {
      const size_t equals = rest.find('=');
      if (equals == std::string_view::npos) return;
      const std::string_view key = rest.substr(0, equals);
      rest.remove_prefix(equals + 1);
      size_t end = 0;
      std::string_view value;
      if (rest.starts_with('"')) {
        for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
          if (rest[end] == '\\') ++end;
        }
        end = std::min(end + 1, rest.size());
        value = rest.substr(0, end);
      } else {
        end = std::min(rest.find_first_of(",>"), rest.size());
        value = rest.substr(0, end);
      }
      rest.remove_prefix(end);
      if (rest.starts_with(',')) rest.remove_prefix(1);
      if (key == "ID" && id.empty()) id = value;
      if (key == "Number") number = value;
      if (key == "Type") type = value;
      if (key == "length" || key == "Length") length = value;
      if (key == "IDX") index = value;
    }
  }
};

VcfField field_of(const Attributes& a) {
  VcfField out;
  out.one = a.number == "1";
  if (a.type == "Integer") out.type = VcfField::Type::integer;
  if (a.type == "Float") out.type = VcfField::Type::real;
  if (a.type == "Flag") out.type = VcfField::Type::flag;
  if (a.type == "Character") out.type = VcfField::Type::character;
  return out;
}

class HeaderReader {
 public:
  HeaderReader(const Limits& limits, size_t text_bytes)
      : limits_(limits), index_max_(kGapsMax + text_bytes) {
    out_.dictionary.emplace_back("PASS");  // number 0, whether a line says so or not
    numbers_.emplace("PASS", 0);
  }

  Status meta(std::string_view line, uint64_t at) {
    const auto structured = [&](std::string_view key) {
      return line.starts_with(key) ? std::optional(Attributes(line.substr(key.size())))
                                   : std::nullopt;
    };
    if (const auto contig = structured("##contig=<")) return add_contig(*contig, at);
    if (const auto filter = structured("##FILTER=<")) return add_name(*filter, at);
    if (const auto info = structured("##INFO=<")) {
      out_.info.emplace(info->id, field_of(*info));
      return add_name(*info, at);
    }
    if (const auto format = structured("##FORMAT=<")) {
      out_.format.emplace(format->id, field_of(*format));
      return add_name(*format, at);
    }
    return {};
  }

  Status columns(std::string_view line, uint64_t at) {
    if (!line.starts_with(kFixedColumns)) return at_line(at, "has not the columns of VCF");
    std::string_view rest = line.substr(kFixedColumns.size());
    if (rest.empty()) return {};
    if (!rest.starts_with("\tFORMAT"))
      return at_line(at, "has something else than FORMAT after INFO");
    rest.remove_prefix(7);
    out_.columns = 9;
    std::unordered_set<std::string_view> seen;
    while (!rest.empty()) {
      if (rest[0] != '\t') return at_line(at, "has something else than FORMAT after INFO");
      const size_t end = std::min(rest.find('\t', 1), rest.size());
      const std::string_view sample = rest.substr(1, end - 1);
      rest.remove_prefix(end);
      if (sample.empty()) return at_line(at, "has a sample without a name");
      if (!seen.insert(sample).second) return at_line(at, "names a sample twice");
      if (out_.file.samples.size() >= limits_.samples_max) {
        return make_error(Code::too_large,
                          "the VCF header names more than genomics.samples_max samples");
      }
      out_.file.samples.emplace_back(sample);
      ++out_.columns;
    }
    return {};
  }

  VcfHeader take(ByteView text) {
    out_.file.text = Bytes(text);
    const auto end = out_.info.find("END");
    out_.info_end = end != out_.info.end() && end->second.type == VcfField::Type::integer;
    return std::move(out_);
  }

 private:
  // By IDX where the line has one, else the next number.
  Result<uint32_t> place(const Attributes& a, size_t next, uint64_t at) const {
    if (a.index.empty()) return static_cast<uint32_t>(next);
    const auto index = number(a.index);
    if (!index || *index > index_max_) return at_line(at, "has an IDX that cannot be");
    return static_cast<uint32_t>(*index);
  }

  Status add_contig(const Attributes& a, uint64_t at) {
    FileHeader& file = out_.file;
    if (!is_contig_name(a.id)) return at_line(at, "is a contig without a name");
    if (file.ids.contains(std::string(a.id))) return {};  // as HTSlib: the first one counts
    MEDARC_ASSIGN(const uint32_t n, place(a, file.references.size(), at));
    if (n >= limits_.references_max) {
      return make_error(Code::too_large,
                        "the VCF header has more than genomics.references_max contigs");
    }
    if (file.references.size() <= n) file.references.resize(n + size_t{1});
    if (!file.references[n].name.empty()) return at_line(at, "has an IDX that is taken");
    const auto length = number(a.length);
    file.references[n] = {std::string(a.id),
                          static_cast<uint32_t>(std::min<uint64_t>(length.value_or(0), INT32_MAX))};
    file.ids.emplace(a.id, static_cast<int32_t>(n));
    return {};
  }

  // Filters, INFO and FORMAT share one dictionary; a name that two of them have is one entry.
  Status add_name(const Attributes& a, uint64_t at) {
    if (a.id.empty()) return at_line(at, "has no ID");
    if (numbers_.contains(std::string(a.id))) return {};
    std::vector<std::string>& names = out_.dictionary;
    MEDARC_ASSIGN(const uint32_t n, place(a, names.size(), at));
    if (names.size() <= n) names.resize(n + size_t{1});
    if (!names[n].empty()) return at_line(at, "has an IDX that is taken");
    names[n] = std::string(a.id);
    numbers_.emplace(a.id, n);
    return {};
  }

  const Limits limits_;
  const uint64_t index_max_;
  VcfHeader out_;
  std::unordered_map<std::string, uint32_t> numbers_;
};

}  // namespace

Result<VcfHeader> parse_vcf_header(ByteView text, const Limits& limits) {
  HeaderReader reader(limits, text.size());
  ByteView rest = text;
  for (uint64_t at = 1; !rest.empty(); ++at) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find('\0') != std::string_view::npos) return at_line(at, "holds a NUL");
    if (at == 1 && !line.starts_with(kVersionLine)) return at_line(at, "is no ##fileformat=VCFv…");
    if (line.starts_with(kColumnsLine)) {
      MEDARC_TRY(reader.columns(line, at));
      if (!rest.empty()) return at_line(at + 1, "comes after the columns");
      return reader.take(text);
    }
    if (!line.starts_with("##")) return at_line(at, "starts with neither ## nor #CHROM");
    MEDARC_TRY(reader.meta(line, at));
  }
  return make_error(Code::invalid_argument, "the VCF header is damaged: it has no #CHROM line");
}

Status VcfHeaderParser::append(ByteView& bytes, size_t size) {
  if (bytes_.size() + size > limits_.header_bytes_max) {
    return make_error(Code::too_large, "the VCF header is over genomics.header_bytes_max");
  }
  bytes_.append(bytes.substr(0, size));
  bytes.remove_prefix(size);
  return {};
}

Result<bool> VcfHeaderParser::feed(ByteView& bytes) {
  return kind_ == RecordForm::Kind::bcf ? feed_binary(bytes) : feed_text(bytes);
}

Result<bool> VcfHeaderParser::feed_text(ByteView& bytes) {
  while (!bytes.empty()) {
    if (bytes_.size() == line_at_ && bytes[0] != '#') {
      return at_line(lines_ + 1, "starts with neither ## nor #CHROM");
    }
    const size_t end = bytes.find('\n');
    MEDARC_TRY(append(bytes, end == ByteView::npos ? bytes.size() : end + 1));
    const ByteView line = ByteView(bytes_).substr(line_at_);
    if (!line.ends_with('\n')) continue;
    ++lines_;
    if (line.starts_with(kColumnsLine)) {
      MEDARC_ASSIGN(header_, parse_vcf_header(bytes_, limits_));
      return true;
    }
    line_at_ = bytes_.size();
  }
  return false;
}

Result<bool> VcfHeaderParser::feed_binary(ByteView& bytes) {
  if (bytes_.size() < kBcfTextAt) {
    MEDARC_TRY(append(bytes, std::min(kBcfTextAt - bytes_.size(), bytes.size())));
    if (bytes_.size() < kBcfTextAt) return false;
  }
  if (!ByteView(bytes_).starts_with(kBcfMagic)) {
    return make_error(Code::invalid_argument, "the BCF header is damaged: it is no BCF 2.2");
  }
  uint64_t text_bytes = 0;
  for (int i = 3; i >= 0; --i) text_bytes = text_bytes << 8 | static_cast<uint8_t>(bytes_[5 + i]);
  if (kBcfTextAt + text_bytes > limits_.header_bytes_max) {
    return make_error(Code::too_large, "the BCF header is over genomics.header_bytes_max");
  }
  const size_t left = kBcfTextAt + text_bytes - bytes_.size();
  MEDARC_TRY(append(bytes, std::min<size_t>(left, bytes.size())));
  if (bytes_.size() < kBcfTextAt + text_bytes) return false;
  ByteView text = ByteView(bytes_).substr(kBcfTextAt);
  text = text.substr(0, text.find('\0'));
  MEDARC_ASSIGN(header_, parse_vcf_header(text, limits_));
  return true;
}

}  // namespace medarc::genomics

#include "genomics/variant_filter.h"

#include <htslib/kstring.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

extern "C" {  // which this header, alone of HTSlib's, does not say itself
#include <htslib/hts_expr.h>
}

namespace medarc::genomics {
namespace {

constexpr std::array<std::pair<std::string_view, uint8_t>, 6> kTypes = {{{"snv", kSnv},
                                                                         {"mnv", kMnv},
                                                                         {"indel", kIndel},
                                                                         {"other", kOther},
                                                                         {"breakend", kBreakend},
                                                                         {"symbolic", kSymbolic}}};
constexpr std::array<std::string_view, 4> kGenotypes = {"missing", "hom-ref", "het", "hom-alt"};
constexpr std::string_view kInfo = "INFO/";

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

// What a callback of HTSlib needs. Without a line every name is unknown: then only names are
// checked.
struct Scope {
  const VcfHeader* header;
  const VcfColumns* line;
};

void set_text(hts_expr_val_t& out, std::string_view text) {
  if (text == "." || text.empty()) return;
  out.is_str = 1;
  ks_clear(&out.s);
  kputsn(text.data(), text.size(), &out.s);
}

void set_number(hts_expr_val_t& out, double v) {
  out.is_str = 0;
  out.d = v;
}

void set_number(hts_expr_val_t& out, std::string_view text) {
  double v = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), v);
  if (done.ec == std::errc()) set_number(out, v);
}

void set_info(hts_expr_val_t& out, const Scope& scope, std::string_view name,
              const VcfField& field) {
  ByteView info = scope.line->info;
  for (size_t at = 0; at < info.size();) {
    const size_t end = std::min(info.find(';', at), info.size());
    const ByteView entry = info.substr(at, end - at);
    at = end + 1;
    const size_t equals = std::min(entry.find('='), entry.size());
    if (entry.substr(0, equals) != name) continue;
    const ByteView value = entry.substr(std::min(equals + 1, entry.size()));
    const ByteView first = value.substr(0, value.find(','));
    switch (field.type) {
      case VcfField::Type::flag: set_number(out, 1); return;
      case VcfField::Type::integer:
      case VcfField::Type::real: set_number(out, first); return;
      default: set_text(out, field.one ? value : first); return;
    }
  }
  if (field.type == VcfField::Type::flag) set_number(out, 0);
}

uint32_t alts_of(const VcfColumns& line) {
  if (line.alt == ".") return 0;
  return 1 + static_cast<uint32_t>(std::count(line.alt.begin(), line.alt.end(), ','));
}

// hts_expr_sym_func: 0 when the name is known.
int look_up(void* data, char* text, char** end, hts_expr_val_t* out) {
  const Scope& scope = *static_cast<const Scope*>(data);
  hts_expr_val_undef(out);
  std::string_view name(text);
  const bool info = name.starts_with('[');
  size_t size = info ? 1 : 0;
  while (size < name.size() && is_name(name[size])) ++size;
  name = name.substr(0, size);
  const VcfColumns* line = scope.line;
  if (info) {
    if (text[size] != ']') return -1;
    *end = text + size + 1;
    const auto field = scope.header->info.find(std::string(name.substr(1)));
    if (field == scope.header->info.end()) return -1;
    if (line != nullptr) set_info(*out, scope, field->first, field->second);
    return 0;
  }
  *end = text + size;
  static constexpr std::string_view kNames[] = {"CHROM", "POS",    "ID",   "REF",   "ALT",
                                                "QUAL",  "FILTER", "TYPE", "N_ALT", "N_SAMPLES"};
  if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) return -1;
  if (line == nullptr) return 0;
  if (name == "CHROM") set_text(*out, line->contig);
  if (name == "POS") set_number(*out, line->position);
  if (name == "ID") set_text(*out, line->id);
  if (name == "REF") set_text(*out, line->ref);
  if (name == "ALT") set_text(*out, line->alt);
  if (name == "QUAL") set_number(*out, line->qual);
  if (name == "FILTER") set_text(*out, line->filter);
  if (name == "TYPE") set_text(*out, type_names(facts_of_vcf(*line, false).types));
  if (name == "N_ALT") set_number(*out, alts_of(*line));
  if (name == "N_SAMPLES") set_number(*out, static_cast<double>(scope.header->file.samples.size()));
  return 0;
}

// HTSlib reads a word that begins with INF as a number without end, so INFO/NAME becomes [NAME],
// which is how it writes the tags of reads. All is put into parentheses, since HTSlib prints what
// it cannot read behind an expression, and the client's words have no place in a log. Empty: the
// text's own parentheses or quotes do not match.
std::string bracketed(std::string_view text) {
  std::string out = "(";
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size();) {
    if (!quoted && text.substr(i).starts_with(kInfo)) {
      i += kInfo.size();
      out += '[';
      while (i < text.size() && is_name(text[i])) out += text[i++];
      out += ']';
      continue;
    }
    if (quoted && text[i] == '\\' && i + 1 < text.size()) {
      out += text.substr(i, 2);
      i += 2;
      continue;
    }
    quoted = quoted != (text[i] == '"');
    if (!quoted) depth += (text[i] == '(') - (text[i] == ')');
    if (depth < 0) return {};
    out += text[i++];
  }
  return quoted || depth != 0 ? std::string() : out + ")";
}

Error bad(const char* what) {
  return make_error(Code::invalid_argument, std::string("filter: ") + what);
}

}  // namespace

struct VariantExpression::State {
  hts_filter_t* filter = nullptr;
  hts_expr_val_t value = HTS_EXPR_VAL_INIT;
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    hts_expr_val_free(&value);
    if (filter != nullptr) hts_filter_free(filter);
  }
};

VariantExpression::VariantExpression(std::unique_ptr<State> state) : state_(std::move(state)) {}
VariantExpression::VariantExpression(VariantExpression&&) noexcept = default;
VariantExpression& VariantExpression::operator=(VariantExpression&&) noexcept = default;
VariantExpression::~VariantExpression() = default;

Result<VariantExpression> VariantExpression::parse(const std::string& text,
                                                   const VcfHeader& header) {
  if (text.size() > kExpressionBytesMax) return bad("at most 1000 characters");
  if (text.find('~') != std::string::npos) return bad("regular expressions are not offered");
  if (text.find('\0') != std::string::npos) return bad("it holds a NUL");
  auto state = std::make_unique<State>();
  const std::string expression = bracketed(text);
  if (expression.empty()) return bad("a parenthesis or quote is open or closes nothing");
  state->filter = hts_filter_init(expression.c_str());
  if (state->filter == nullptr) return bad("it cannot be read");
  Scope scope{&header, nullptr};
  if (hts_filter_eval2(state->filter, &scope, look_up, &state->value) != 0) {
    return bad(
        "it is not well-formed, or a name in it is neither a column nor an INFO of this file");
  }
  return VariantExpression(std::move(state));
}

bool VariantExpression::holds(const VcfColumns& line, const VcfHeader& header) const {
  Scope scope{&header, &line};
  if (hts_filter_eval2(state_->filter, &scope, look_up, &state_->value) != 0) return false;
  return state_->value.is_true != 0;
}

std::optional<Genotype> genotype_of(std::string_view name) {
  const auto found = std::find(kGenotypes.begin(), kGenotypes.end(), name);
  if (found == kGenotypes.end()) return std::nullopt;
  return static_cast<Genotype>(found - kGenotypes.begin());
}

Genotype genotype_of(ByteView format, ByteView sample) {
  // GT comes first where it is there at all (VCF 4.5, section 1.6.2).
  if (format != "GT" && !format.starts_with("GT:")) return Genotype::missing;
  ByteView text = sample.substr(0, sample.find(':'));
  bool reference = false, alternative = false, differ = false;
  ByteView first;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find_first_of("/|", at), text.size());
    const ByteView allele = text.substr(at, end - at);
    at = end + 1;
    if (allele.empty() || allele == ".") return Genotype::missing;
    (allele == "0" ? reference : alternative) = true;
    differ = differ || (!first.empty() && allele != first);
    first = allele;
  }
  if (differ) return Genotype::het;
  return alternative && !reference ? Genotype::hom_alt : Genotype::hom_ref;
}

std::string type_names(uint8_t types) {
  std::string out;
  for (const auto& [name, bit] : kTypes) {
    if (bit == kSymbolic || (types & bit) == 0) continue;
    out += (out.empty() ? "" : ",") + std::string(name);
  }
  return out.empty() ? "ref" : out;
}

std::optional<uint8_t> type_of(std::string_view name) {
  for (const auto& [known, bit] : kTypes) {
    if (known == name) return bit;
  }
  return std::nullopt;
}

}  // namespace medarc::genomics

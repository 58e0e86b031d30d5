#include "genomics/variant_json.h"

#include <algorithm>

#include "genomics/variant_filter.h"
#include "records/json.h"

namespace medarc::genomics {
namespace {

// RFC 8259: texts are UTF-8. What is none becomes U+FFFD, octet by octet.
void append_text(Bytes& out, ByteView text) {
  Bytes clean;
  for (size_t i = 0; i < text.size();) {
    const auto c = static_cast<uint8_t>(text[i]);
    const size_t n = c < 0x80                ? 1
                     : c >= 0xC2 && c < 0xE0 ? 2
                     : c >= 0xE0 && c < 0xF0 ? 3
                     : c >= 0xF0 && c < 0xF5 ? 4
                                             : 0;
    bool good = n > 0 && i + n <= text.size();
    for (size_t k = 1; good && k < n; ++k)
      good = (static_cast<uint8_t>(text[i + k]) & 0xC0) == 0x80;
    // Overlong forms and surrogates.
    if (good && n > 2) {
      const auto second = static_cast<uint8_t>(text[i + 1]);
      good = !(c == 0xE0 && second < 0xA0) && !(c == 0xED && second >= 0xA0) &&
             !(c == 0xF0 && second < 0x90) && !(c == 0xF4 && second >= 0x90);
    }
    if (good) {
      clean += text.substr(i, n);
      i += n;
    } else {
      clean += "\xef\xbf\xbd";
      ++i;
    }
  }
  records::append_quoted(out, clean);
}

// RFC 8259, section 6.
bool is_json_number(ByteView t) {
  if (t.starts_with('-')) t.remove_prefix(1);
  const auto digits = [&] {
    size_t n = 0;
    while (n < t.size() && t[n] >= '0' && t[n] <= '9') ++n;
    const bool leading_zero = n > 1 && t[0] == '0';
    t.remove_prefix(n);
    return leading_zero ? 0 : n;
  };
  const auto more_digits = [&] {
    size_t n = 0;
    while (n < t.size() && t[n] >= '0' && t[n] <= '9') ++n;
    t.remove_prefix(n);
    return n;
  };
  if (digits() == 0) return false;
  if (t.starts_with('.')) {
    t.remove_prefix(1);
    if (more_digits() == 0) return false;
  }
  if (t.starts_with('e') || t.starts_with('E')) {
    t.remove_prefix(1);
    if (t.starts_with('+') || t.starts_with('-')) t.remove_prefix(1);
    if (more_digits() == 0) return false;
  }
  return t.empty();
}

void append_value(Bytes& out, ByteView text, const VcfField& field) {
  const bool number = field.type == VcfField::Type::integer || field.type == VcfField::Type::real;
  if (text == ".") {
    out += "null";
  } else if (number && is_json_number(text)) {
    out += text;
  } else {
    append_text(out, text);
  }
}

void append_values(Bytes& out, ByteView text, const VcfField& field) {
  if (field.one) return append_value(out, text, field);
  out += '[';
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    if (at > 0) out += ',';
    append_value(out, text.substr(at, end - at), field);
    at = end + 1;
  }
  out += ']';
}

// Texts between separators, as an array; "." is an empty one.
void append_list(Bytes& out, ByteView text, char separator) {
  out += '[';
  for (size_t at = 0; text != "." && at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    if (at > 0) out += ',';
    append_text(out, text.substr(at, end - at));
    at = end + 1;
  }
  out += ']';
}

VcfField field_in(const std::unordered_map<std::string, VcfField>& fields, ByteView name) {
  const auto found = fields.find(std::string(name));
  return found == fields.end() ? VcfField{VcfField::Type::text, true} : found->second;
}

void append_info(Bytes& out, ByteView info, const VcfHeader& header) {
  out += '{';
  bool any = false;
  for (size_t at = 0; info != "." && at < info.size();) {
    const size_t end = std::min(info.find(';', at), info.size());
    const ByteView entry = info.substr(at, end - at);
    at = end + 1;
    if (entry.empty()) continue;
    if (any) out += ',';
    any = true;
    const size_t equals = entry.find('=');
    append_text(out, entry.substr(0, equals));
    out += ':';
    if (equals == ByteView::npos) {
      out += "true";
    } else {
      append_values(out, entry.substr(equals + 1), field_in(header.info, entry.substr(0, equals)));
    }
  }
  out += '}';
}

void append_sample(Bytes& out, ByteView format, ByteView sample, const VcfHeader& header) {
  out += '{';
  size_t value_at = 0;
  for (size_t at = 0; format != "." && at <= format.size() && value_at <= sample.size();) {
    const size_t end = std::min(format.find(':', at), format.size());
    const size_t value_end = std::min(sample.find(':', value_at), sample.size());
    const ByteView name = format.substr(at, end - at);
    if (at > 0) out += ',';
    append_text(out, name);
    out += ':';
    append_values(out, sample.substr(value_at, value_end - value_at),
                  field_in(header.format, name));
    at = end + 1;
    value_at = value_end + 1;
  }
  out += '}';
}

}  // namespace

ByteView sample_column(ByteView samples, size_t n) {
  for (; n > 0; --n) {
    const size_t tab = samples.find('\t');
    if (tab == ByteView::npos) return {};
    samples.remove_prefix(tab + 1);
  }
  return samples.substr(0, samples.find('\t'));
}

void append_variant_json(const VcfColumns& line, const VcfHeader& header,
                         std::optional<size_t> sample, Bytes& out) {
  const VariantFacts facts = facts_of_vcf(line, header.info_end);
  out += "{\"contig\":";
  append_text(out, line.contig);
  out += ",\"position\":" + std::to_string(line.position);
  out += ",\"end\":" + std::to_string(facts.place.end) + ",\"id\":";
  append_value(out, line.id, {VcfField::Type::text, true});
  out += ",\"ref\":";
  append_text(out, line.ref);
  out += ",\"alt\":";
  append_list(out, line.alt, ',');
  out += ",\"quality\":";
  append_value(out, line.qual, {VcfField::Type::real, true});
  out += ",\"filters\":";
  append_list(out, line.filter, ';');
  out += ",\"types\":";
  append_list(out, facts.types == kReferenceOnly ? "." : type_names(facts.types), ',');
  out += ",\"info\":";
  append_info(out, line.info, header);
  out += ",\"samples\":{";
  const auto& names = header.file.samples;
  const size_t first = sample.value_or(0), last = sample ? *sample + 1 : names.size();
  ByteView rest = line.samples;
  if (sample) rest = sample_column(rest, *sample);
  for (size_t i = first; i < last; ++i) {
    if (i > first) out += ',';
    append_text(out, names[i]);
    out += ':';
    const size_t tab = std::min(rest.find('\t'), rest.size());
    append_sample(out, line.format, rest.substr(0, tab), header);
    rest.remove_prefix(std::min(tab + 1, rest.size()));
  }
  out += "}}";
}

}  // namespace medarc::genomics

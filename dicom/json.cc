#include "dicom/json.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr size_t kInlineBytesMax = 1024;       // longer binary values are bulk data
constexpr size_t kInlineTextBytesMax = 65536;  // longer texts too

// A DS or IS that is a JSON number is one; others (a blank inside, a leading +, "1.") are made so
// when they can be, else stay strings.
void append_number(std::string& out, std::string_view v) {
  if (!v.empty() && v[0] == '+') v.remove_prefix(1);
  double parsed = 0;
  auto [end, failed] = std::from_chars(v.data(), v.data() + v.size(), parsed);
  if (failed != std::errc() || end != v.data() + v.size() || !std::isfinite(parsed)) {
    append_json_string(out, v);
    return;
  }
  // As it was sent where JSON's grammar allows: no leading zeros, digits around the point.
  const std::string_view digits = v[0] == '-' ? v.substr(1) : v;
  const bool plain = !digits.empty() && digits[0] != '.' && digits.back() != '.' &&
                     digits.find(".e") == std::string_view::npos &&
                     digits.find(".E") == std::string_view::npos &&
                     (digits[0] != '0' || digits.size() == 1 || digits[1] == '.' ||
                      digits[1] == 'e' || digits[1] == 'E');
  if (plain) {
    out += v;
  } else {
    out += fmt::format("{}", parsed);
  }
}

void append_person_name(std::string& out, std::string_view v) {
  static constexpr const char* groups[] = {"Alphabetic", "Ideographic", "Phonetic"};
  out += '{';
  bool first = true;
  for (int g = 0; g < 3; ++g) {
    const size_t to = v.find('=');
    std::string_view part = v.substr(0, to);
    while (!part.empty() && (part.back() == ' ' || part.back() == '^')) part.remove_suffix(1);
    if (!part.empty()) {
      if (!first) out += ',';
      first = false;
      out += '"';
      out += groups[g];
      out += "\":";
      append_json_string(out, part);
    }
    if (to == std::string_view::npos) break;
    v.remove_prefix(to + 1);
  }
  out += '}';
}

bool numeric(std::string_view vr) {
  for (std::string_view n : {"DS", "IS", "FL", "FD", "SL", "SS", "UL", "US", "SV", "UV"}) {
    if (vr == n) return true;
  }
  return false;
}

// Delimiters alone are a name without components (PS3.5 6.2.1.1).
bool nameless(std::string_view v) { return v.find_first_not_of("^= ") == std::string_view::npos; }

// Nothing when there is but one value and it is empty (annex F.2.5).
void append_values(std::string& out, std::string_view vr, const std::vector<std::string>& values) {
  if (vr == "PN" && values.size() == 1 && nameless(values.front())) return;
  out += ",\"Value\":[";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    const std::string& v = values[i];
    if (v.empty() || (vr == "PN" && nameless(v))) {
      out += "null";
    } else if (vr == "PN") {
      append_person_name(out, v);
    } else if (numeric(vr)) {
      append_number(out, v);
    } else {
      append_json_string(out, v);
    }
  }
  out += ']';
}

void open_member(std::string& out, bool& first, Tag tag, std::string_view vr) {
  if (!first) out += ',';
  first = false;
  out += '"';
  static constexpr char digits[] = "0123456789ABCDEF";
  for (int shift = 28; shift >= 0; shift -= 4) out += digits[tag.value >> shift & 15];
  out += "\":{\"vr\":\"";
  out += vr;
  out += '"';
}

// Bulk binary data leaves as little endian, so only little-endian values may stand inline;
// big-endian words are swapped here.
Bytes little(ByteView bytes, Vr vr, bool big) {
  size_t width = 1;
  if (is(vr, "OW")) width = 2;
  if (is(vr, "OF") || is(vr, "OL")) width = 4;
  if (is(vr, "OD") || is(vr, "OV")) width = 8;
  Bytes out(bytes);
  for (size_t at = 0; big && at + width <= out.size(); at += width) {
    for (size_t i = 0; i < width / 2; ++i) std::swap(out[at + i], out[at + width - 1 - i]);
  }
  return out;
}

class Writer {
 public:
  Writer(const Scanner& scanner, std::string bulk_prefix)
      : scanner_(scanner), bulk_prefix_(std::move(bulk_prefix)) {}

  // Walks elements [from, to) iteratively; charset follows the items (PS3.5 C.12.1.1.2
  // inheritance).
  void write(std::string& out, size_t from, size_t to) {
    charsets_.push_back(charset_of(scanner_));
    bool first = true;
    const auto& all = scanner_.elements();
    for (size_t i = from; i < to; ++i) {
      const Element& e = all[i];
      switch (e.kind) {
        case Element::Kind::sequence:
          open_member(out, first, e.tag, "SQ");
          out += ",\"Value\":[";
          path_.push_back({e.tag, 0});
          first = true;
          break;
        case Element::Kind::sequence_end:
          // An empty sequence has no Value (annex F.2.5).
          if (out.size() >= 10 && out.compare(out.size() - 10, 10, ",\"Value\":[") == 0) {
            out.resize(out.size() - 10);
          } else if (!path_.empty()) {
            out += ']';
          }
          if (!path_.empty()) {
            path_.pop_back();
            out += '}';
          }
          first = false;
          break;
        case Element::Kind::item:
          if (!first) out += ',';
          out += '{';
          first = true;
          charsets_.push_back(item_charset(i));
          break;
        case Element::Kind::item_end:
          out += '}';
          first = false;
          if (!path_.empty()) ++path_.back().item;
          charsets_.pop_back();
          break;
        case Element::Kind::fragments:
          // Its sequence_end has nothing open: only the pixel data's URI is written.
          if (e.depth == 0) write_bulk(out, first, e);
          while (i + 1 < to && all[i + 1].kind != Element::Kind::sequence_end) ++i;
          ++i;
          break;
        case Element::Kind::value:
          if (!is_group_length(e.tag)) write_value(out, first, e);
          break;
      }
    }
  }

 private:
  struct Step {
    Tag tag;
    uint32_t item;
  };

  static bool is_group_length(Tag tag) { return (tag.value & 0xFFFF) == 0; }

  // In Modified Attributes Sequence a character set is what it says: a value that was.
  bool in_former_values() const { return !path_.empty() && path_.back().tag.value == 0x04000550; }

  // An item may name its own character set.
  Charset item_charset(size_t item) const {
    const auto& all = scanner_.elements();
    const uint8_t depth = all[item].depth;
    for (size_t i = item + 1; i < all.size() && i < item + 8; ++i) {
      if (all[i].kind == Element::Kind::item_end || all[i].tag.value > 0x00080005) break;
      if (all[i].tag.value == 0x00080005 && all[i].depth == depth && all[i].held) {
        auto terms = values_of({'C', 'S'}, scanner_.value(all[i]), false, Charset());
        return Charset(*terms);
      }
    }
    return charsets_.back();
  }

  void write_bulk(std::string& out, bool& first, const Element& e) {
    open_member(out, first, e.tag, text_of(e.vr));
    if (bulk_prefix_.empty()) {  // in rows there is no place to point to
      out += '}';
      return;
    }
    out += ",\"BulkDataURI\":\"";
    out += bulk_prefix_;
    for (const Step& s : path_) out += fmt::format("{}/{}/", tag_hex(s.tag), s.item);
    out += tag_hex(e.tag);
    out += "\"}";
  }

  void write_value(std::string& out, bool& first, const Element& e) {
    const bool big = scanner_.encoding() == Encoding::explicit_big;
    Vr vr = e.vr;
    if (is(vr, "UN") && e.held && !is(vr_of(e.tag), "SQ")) vr = vr_of(e.tag);
    if (!e.held || (e.depth == 0 && scanner_.pixel_data() && scanner_.pixel_data()->tag == e.tag)) {
      write_bulk(out, first, e);
      return;
    }
    const ByteView bytes = scanner_.value(e);
    if (e.tag.value == 0x00080005 && !in_former_values()) {
      // The answer is UTF-8, whatever the object was (Q13).
      open_member(out, first, e.tag, "CS");
      out += ",\"Value\":[\"ISO_IR 192\"]}";
      return;
    }
    auto values = values_of(vr, bytes, big, charsets_.back());
    if (values && bytes.size() <= kInlineTextBytesMax) {
      while (!values->empty() && values->back().empty()) values->pop_back();
      open_member(out, first, e.tag, text_of(vr));
      if (!values->empty()) append_values(out, text_of(vr), *values);
      out += '}';
      return;
    }
    if (bytes.size() > kInlineBytesMax) {
      write_bulk(out, first, e);
      return;
    }
    open_member(out, first, e.tag, text_of(vr));
    if (!bytes.empty()) out += ",\"InlineBinary\":\"" + to_base64(little(bytes, vr, big)) + "\"";
    out += '}';
  }

  const Scanner& scanner_;
  const std::string bulk_prefix_;
  std::vector<Step> path_;
  std::vector<Charset> charsets_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view utf8) {
  out += '"';
  for (const char c : utf8) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (u < 0x20) {
      out += fmt::format("\\u{:04x}", u);
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json(std::string& out, const index::Attribute& a) {
  bool first = true;
  const std::string_view vr(a.vr.data(), 2);
  open_member(out, first, a.tag, vr);
  if (vr == "SQ") {
    if (!a.values.empty() && a.values[0] != "[]") out += ",\"Value\":" + a.values[0];
  } else if (!a.values.empty()) {
    append_values(out, vr, a.values);
  }
  out += '}';
}

void append_json(std::string& out, const index::AttributeSet& attributes) {
  bool first = true;
  for (const index::Attribute& a : attributes.all()) {
    if (!first) out += ',';
    first = false;
    append_json(out, a);
  }
}

std::string metadata_json(const Scanner& scanner, std::string_view sop_instance_uid,
                          std::string_view transfer_syntax) {
  std::string out = "{";
  Writer writer(scanner, fmt::format("{}/instances/{}/bulkdata/", kBaseMark, sop_instance_uid));
  writer.write(out, 0, scanner.elements().size());
  if (out.size() > 1) out += ',';
  out += "\"00083002\":{\"vr\":\"UI\",\"Value\":[";  // Available Transfer Syntax UID
  append_json_string(out, transfer_syntax);
  out += "]}}";
  return out;
}

std::string sequence_json(const Scanner& scanner, size_t at) {
  const auto& all = scanner.elements();
  size_t end = at + 1;
  while (end < all.size() &&
         !(all[end].kind == Element::Kind::sequence_end && all[end].depth == all[at].depth)) {
    ++end;
  }
  std::string out = "[";
  Writer writer(scanner, "");
  writer.write(out, at + 1, end);
  return out + "]";
}

}  // namespace medarc::dicom

// DICOM JSON (PS3.18 annex F) to a data set. Depth is bounded before anything recurses.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "dicom/dataset.h"
#include "dicom/scanner.h"
#include "dicom/sop_class.h"

namespace medarc::dicom {
namespace {

namespace json = boost::json;

constexpr size_t kShortLengthMax = 0xFFFE;    // sixteen bits of length, an even number
constexpr size_t kLevelsInText = 3;           // item, element, Value: for each sequence
constexpr size_t kDecimalCharactersMax = 16;  // DS

bool one_of(const Vr& vr, std::string_view list) {  // "AE,CS"
  for (size_t i = 0; i + 1 < list.size(); i += 3) {
    if (list.substr(i, 2) == text_of(vr)) return true;
  }
  return false;
}

bool is_binary(const Vr& vr) { return one_of(vr, "OB,OD,OF,OL,OV,OW,UN"); }
bool is_number(const Vr& vr) { return one_of(vr, "DS,FD,FL,IS,SL,SS,SV,UL,US,UV"); }
bool is_single(const Vr& vr) { return one_of(vr, "LT,ST,UR,UT"); }

std::optional<Tag> tag_of_key(std::string_view key) {
  uint32_t value = 0;
  const auto [end, failed] = std::from_chars(key.data(), key.data() + key.size(), value, 16);
  if (key.size() != 8 || failed != std::errc() || end != key.data() + key.size()) {
    return std::nullopt;
  }
  return Tag{value};
}

template <class T>
bool parses(std::string_view text, int64_t low, uint64_t high) {
  T v{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (failed != std::errc() || end != text.data() + text.size()) return false;
  if constexpr (std::is_same_v<T, double>) {
    return std::isfinite(v);
  } else if constexpr (std::is_signed_v<T>) {
    return v >= low && (v < 0 || static_cast<uint64_t>(v) <= high);
  } else {
    return v <= high;
  }
}

bool fits_number(const Vr& vr, std::string_view text) {
  if (is(vr, "US")) return parses<uint64_t>(text, 0, UINT16_MAX);
  if (is(vr, "UL")) return parses<uint64_t>(text, 0, UINT32_MAX);
  if (is(vr, "UV")) return parses<uint64_t>(text, 0, UINT64_MAX);
  if (is(vr, "SS")) return parses<int64_t>(text, INT16_MIN, INT16_MAX);
  if (is(vr, "SL") || is(vr, "IS")) return parses<int64_t>(text, INT32_MIN, INT32_MAX);
  if (is(vr, "SV")) return parses<int64_t>(text, INT64_MIN, INT64_MAX);
  if (is(vr, "DS") && text.size() > kDecimalCharactersMax) return false;
  return parses<double>(text, 0, 0);
}

std::string decimal(double v, const Vr& vr) {
  std::string out = fmt::format("{}", v);
  for (int digits = 16; is(vr, "DS") && out.size() > kDecimalCharactersMax && digits > 0;
       --digits) {
    out = fmt::format("{:.{}g}", v, digits);
  }
  return out;
}

class Reader {
 public:
  explicit Reader(const DataSetLimits& limits) : limits_(limits) {}

  Result<DataSet> dataset(const json::value& value, uint32_t depth) {
    const json::object* object = value.if_object();
    if (object == nullptr) return bad("a data set is a JSON object");
    DataSet out;
    for (const auto& member : *object) {
      const auto tag = tag_of_key(member.key());
      if (!tag) return bad("an attribute is named by eight hexadecimal digits");
      at_ = *tag;
      const uint32_t group = tag->value >> 16;
      if (group == 0x7FE0 || group == 0xFFFE || group == 0xFFFF) {  // pixels, delimiters
        return make_error(Code::unsupported, tag_hex(*tag) + ": has no place here");
      }
      if (++elements_ > limits_.elements_max) {
        return make_error(Code::too_large, "the data set has too many elements");
      }
      MEDARC_ASSIGN(DataElement read, element(*tag, member.value(), depth));
      const bool kept = (tag->value & 0xFFFF) != 0 && group > 2 &&
                        tag->value != 0x00080005;  // lengths, command, file meta, character set
      if (kept) out.set(std::move(read));
    }
    return out;
  }

 private:
  Error bad(std::string_view what) const {
    return make_error(Code::invalid_argument, tag_hex(at_) + ": " + std::string(what));
  }

  Result<DataElement> element(Tag tag, const json::value& value, uint32_t depth) {
    const json::object* object = value.if_object();
    if (object == nullptr) return bad("an attribute is a JSON object");
    DataElement out;
    out.tag = tag;
    out.vr = vr_of(tag);
    if (const json::value* vr = object->if_contains("vr")) {
      const json::string* text = vr->if_string();
      if (text == nullptr || text->size() != 2) return bad("vr is two letters");
      out.vr = {(*text)[0], (*text)[1]};
      if (!is_known(out.vr)) return bad("no such vr");
    }
    if (object->contains("BulkDataURI")) {
      return make_error(Code::unsupported, tag_hex(tag) + ": values must be in the text");
    }
    if (const json::value* binary = object->if_contains("InlineBinary")) {
      const json::string* text = binary->if_string();
      auto bytes = text == nullptr ? std::nullopt : from_base64({text->data(), text->size()});
      if (!bytes || !is_binary(out.vr)) return bad("InlineBinary is base64, of a binary vr");
      out.binary = std::move(*bytes);
      if (out.binary.size() % 2 != 0) out.binary += '\0';
      return out;
    }
    const json::value* held = object->if_contains("Value");
    if (held == nullptr) return out;
    const json::array* values = held->if_array();
    if (values == nullptr) return bad("Value is an array");
    if (is_binary(out.vr) && !values->empty()) return bad("a binary value is InlineBinary");
    MEDARC_TRY(is(out.vr, "SQ") ? items(*values, depth, out) : texts(*values, out));
    return out;
  }

  Status items(const json::array& values, uint32_t depth, DataElement& out) {
    if (depth == limits_.depth_max) {
      return make_error(Code::too_large, "too many sequences in sequences");
    }
    for (const json::value& v : values) {
      if (v.is_null()) {
        out.items.emplace_back();
        continue;
      }
      MEDARC_ASSIGN(DataSet item, dataset(v, depth + 1));
      at_ = out.tag;
      out.items.push_back(std::move(item));
    }
    return {};
  }

  Status texts(const json::array& values, DataElement& out) {
    size_t bytes = 0;
    for (const json::value& v : values) {
      MEDARC_ASSIGN(std::string text, text_of_value(v, out.vr));
      MEDARC_TRY(check(text, out.vr));
      bytes += text.size() + 1;
      out.values.push_back(std::move(text));
    }
    if (is_single(out.vr) && out.values.size() > 1) return bad("this vr has one value");
    if (!one_of(out.vr, "UC,UR,UT") && bytes > kShortLengthMax) {
      return make_error(Code::too_large, tag_hex(at_) + ": the value is too long for its vr");
    }
    while (!out.values.empty() && out.values.back().empty()) out.values.pop_back();
    return {};
  }

  Result<std::string> text_of_value(const json::value& v, const Vr& vr) const {
    if (v.is_null()) return std::string();
    if (is(vr, "PN") && v.is_object()) return name(v.get_object());
    if (const json::string* s = v.if_string()) return std::string(s->data(), s->size());
    if (is_number(vr) && v.is_int64()) return std::to_string(v.get_int64());
    if (is_number(vr) && v.is_uint64()) return std::to_string(v.get_uint64());
    if (is_number(vr) && v.is_double()) return decimal(v.get_double(), vr);
    return bad("a value is not of its vr");
  }

  Result<std::string> name(const json::object& groups) const {
    std::string out;
    size_t empty = 0;
    for (const char* key : {"Alphabetic", "Ideographic", "Phonetic"}) {
      const json::value* group = groups.if_contains(key);
      if (group != nullptr && !group->is_null() && !group->is_string()) {
        return bad("a component group of a name is text");
      }
      if (group != nullptr && group->is_string() && !group->get_string().empty()) {
        const json::string& text = group->get_string();
        if (std::find(text.begin(), text.end(), '=') != text.end()) return bad("= inside a name");
        out.append(empty, '=').append(text.data(), text.size());
        empty = 0;
      }
      ++empty;
    }
    return out;
  }

  Status check(std::string_view text, const Vr& vr) const {
    if (text.empty()) return {};
    for (const char c : text) {
      const bool layout = c == '\n' || c == '\r' || c == '\t' || c == '\f';
      if ((static_cast<unsigned char>(c) < 0x20 && !(layout && one_of(vr, "LT,ST,UT"))) ||
          c == 0x7F) {
        return bad("control characters in a value");
      }
    }
    if (!is_single(vr) && text.find('\\') != std::string_view::npos) {
      return bad("a backslash separates values; give them one by one");
    }
    if (is(vr, "UI") && !plausible_uid(text)) return bad("no UID");
    if (is(vr, "AT") && !tag_of_key(text)) return bad("no tag");
    if (is_number(vr) && !fits_number(vr, text)) return bad("no number of this vr");
    return {};
  }

  const DataSetLimits& limits_;
  uint32_t elements_ = 0;
  Tag at_;
};

}  // namespace

Result<DataSet> read_dataset_json(ByteView text, const DataSetLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return make_error(Code::too_large, "the data set is over its limit");
  }
  json::parse_options options;
  options.max_depth = (limits.depth_max + 1) * kLevelsInText + 1;
  boost::system::error_code error;
  const json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return make_error(Code::invalid_argument, "no JSON: " + error.message());
  // PS3.18 F.2: what is sent may be an array of one data set.
  const json::array* array = value.if_array();
  if (array != nullptr && array->size() != 1) {
    return make_error(Code::invalid_argument, "exactly one data set is wanted");
  }
  return Reader(limits).dataset(array != nullptr ? array->front() : value, 0);
}

}  // namespace medarc::dicom

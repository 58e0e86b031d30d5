// A data set from the DICOM model, in JSON or in XML.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "dicom/dataset.h"
#include "dicom/element_writer.h"
#include "dicom/model/json_reader.h"
#include "dicom/model/xml_reader.h"
#include "dicom/private_tags.h"
#include "dicom/scanner.h"
#include "dicom/sop_class.h"
#include "dicom/vr_kinds.h"

namespace medarc::dicom {
namespace {

constexpr size_t kShortLengthMax = 0xFFFE;                // sixteen bits of length, an even number
constexpr size_t kDecimalCharactersMax = 16;              // DS
constexpr double kIntegersExactMax = 9007199254740992.0;  // 2^53

bool is_number(const Vr& vr) { return one_of(vr, "DS,FD,FL,IS,SL,SS,SV,UL,US,UV"); }
bool is_real(const Vr& vr) { return one_of(vr, "DS,FD,FL"); }

template <class T>
std::optional<T> parsed(std::string_view text) {
  T v{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

template <class T>
bool holds(std::string_view text) {
  return parsed<T>(text).has_value();
}

bool fits_number(const Vr& vr, std::string_view text) {
  if (is(vr, "US")) return holds<uint16_t>(text);
  if (is(vr, "UL")) return holds<uint32_t>(text);
  if (is(vr, "UV")) return holds<uint64_t>(text);
  if (is(vr, "SS")) return holds<int16_t>(text);
  if (is(vr, "SL") || is(vr, "IS")) return holds<int32_t>(text);
  if (is(vr, "SV")) return holds<int64_t>(text);
  if (is(vr, "DS") && text.size() > kDecimalCharactersMax) return false;
  const auto v = parsed<double>(text);
  return v && std::isfinite(*v);
}

// As the VR writes it: DICOM JSON may say 2.0 or 1e2 for an integer, and more digits than DS has.
std::string in_vr(std::string_view number, const Vr& vr) {
  const bool text = is(vr, "DS") || !is_real(vr);
  if (text && fits_number(vr, number)) return std::string(number);
  const auto v = parsed<double>(number);
  if (!v || !std::isfinite(*v)) return std::string(number);
  if (!is_real(vr)) {
    const bool whole = std::trunc(*v) == *v && std::abs(*v) <= kIntegersExactMax;
    return whole ? fmt::format("{:.0f}", *v) : std::string(number);
  }
  std::string out = fmt::format("{}", *v);
  for (int digits = 16; text && out.size() > kDecimalCharactersMax && digits > 0; --digits) {
    out = fmt::format("{:.{}g}", *v, digits);
  }
  return out;
}

Error bad(Tag at, std::string_view what) {
  return make_error(Code::invalid_argument, tag_hex(at) + ": " + std::string(what));
}

// A component group that says nothing is left away, and with it the delimiters behind the last.
std::string without_empty_groups(std::string name) {
  while (!name.empty() && name.back() == '=') name.pop_back();
  return name;
}

class Reader final : public ModelSink {
 public:
  explicit Reader(const DataSetLimits& limits) : limits_(limits) {}

  // Behind the document's end.
  Result<DataSet> take() {
    MEDARC_TRY(check_problem());
    if (instances_ != 1) {
      return make_error(Code::invalid_argument, "exactly one data set is wanted");
    }
    return std::move(root_);
  }

  Status begin_instance() override {
    ++instances_;
    sets_.emplace_back();
    return {};
  }
  Status end_instance() override {
    root_ = std::move(sets_.back());
    sets_.clear();
    return check_problem();
  }

  Status begin_element(Tag tag, std::string_view creator) override {
    MEDARC_TRY(check_problem());
    const uint32_t group = tag.value >> 16;
    if (group == 0x7FE0 || group == 0xFFFE || group == 0xFFFF) {  // pixels, delimiters
      return make_error(Code::unsupported, tag_hex(tag) + ": has no place here");
    }
    if (++elements_ > limits_.elements_max) {
      return make_error(Code::too_large, "the data set has too many elements");
    }
    if (!creator.empty()) {
      MEDARC_ASSIGN(tag, placed(tag, creator));
    }
    Open& open = open_.emplace_back();
    open.element.tag = tag;
    return {};
  }

  Status vr(std::string_view text) override {
    Open& open = open_.back();
    if (text.size() != 2 || !is_known({text[0], text[1]})) {
      return bad(open.element.tag, "no such vr");
    }
    open.element.vr = {text[0], text[1]};
    return {};
  }

  Status value(Kind kind, std::string_view text) override {
    Open& open = open_.back();
    const Vr vr = open.vr();
    if (kind == Kind::object ? !is(vr, "PN") : kind == Kind::null && is(vr, "SQ")) {
      MEDARC_TRY(check_depth());
      open.element.items.emplace_back();
    } else {
      open.values.push_back({kind, std::string(text)});
    }
    return {};
  }

  Status inline_binary(std::string_view base64) override {
    Open& open = open_.back();
    auto bytes = from_base64(base64);
    if (!bytes) return bad(open.element.tag, "InlineBinary is base64");
    open.element.binary = std::move(*bytes);
    if (open.element.binary.size() % 2 != 0) open.element.binary += '\0';
    open.inline_binary = true;
    return {};
  }

  Status bulk_data(std::string_view) override {
    return make_error(Code::unsupported,
                      tag_hex(open_.back().element.tag) + ": values must be in the text");
  }

  Status begin_item() override {
    MEDARC_TRY(check_depth());
    sets_.emplace_back();
    return {};
  }
  Status end_item() override {
    open_.back().element.items.push_back(std::move(sets_.back()));
    sets_.pop_back();
    return check_problem();
  }

  Status end_element() override {
    MEDARC_TRY(check_problem());
    Open open = std::move(open_.back());
    open_.pop_back();
    DataElement& e = open.element;
    e.vr = open.vr();
    if (is(e.vr, "SQ")) {
      if (!open.values.empty() || open.inline_binary) return bad(e.tag, "an item is an object");
    } else if (!e.items.empty()) {
      return bad(e.tag, "items, in an element that is no sequence");
    } else if (is_bulk(e.vr) || open.inline_binary) {
      if (!is_bulk(e.vr)) return bad(e.tag, "InlineBinary, in an element of text");
      if (!open.values.empty()) return bad(e.tag, "a binary value is InlineBinary");
    } else {
      MEDARC_TRY(close_values(open));
    }
    const bool kept = (e.tag.value & 0xFFFF) != 0 && e.tag.value >> 16 > 2 &&
                      e.tag.value != 0x00080005;  // lengths, command, file meta, character set
    if (kept) sets_.back().set(std::move(e));
    return {};
  }

  void problem(std::string_view what) override {
    if (!problem_) problem_ = what;
  }

 private:
  struct Value {
    Kind kind;
    std::string text;
  };
  struct Open {
    DataElement element;
    std::vector<Value> values;
    bool inline_binary = false;
    Vr vr() const { return element.vr == Vr{} ? vr_of(element.tag) : element.vr; }
  };

  Status check_depth() const {
    if (sets_.size() <= limits_.depth_max) return {};
    return make_error(Code::too_large, "too many sequences in sequences");
  }
  Status check_problem() const {
    if (!problem_) return {};
    const Tag at = open_.empty() ? Tag{} : open_.back().element.tag;
    return bad(at, *problem_);
  }

  // XML names creators and leaves the block open (PS3.19 A.1.5.2): it is the creator's, or the
  // first that is free.
  Result<Tag> placed(Tag tag, std::string_view creator) {
    DataSet& set = sets_.back();
    if (!is_private(tag)) return tag;
    if (is_private_element(tag)) {
      const Tag reserved = creator_tag(tag);
      if (set.find(reserved) == nullptr) set.set(reserved, "LO", {std::string(creator)});
      return tag;
    }
    for (uint32_t block = 0x10; block <= 0xFF; ++block) {
      const Tag reserved{(tag.value & 0xFFFF0000) | block};
      if (set.find(reserved) == nullptr) set.set(reserved, "LO", {std::string(creator)});
      if (set.first(reserved) == creator) {
        return Tag{(tag.value & 0xFFFF00FF) | block << 8};
      }
    }
    return bad(tag, "more private creators than a group has blocks");
  }

  Status close_values(Open& open) {
    DataElement& e = open.element;
    size_t bytes = 0;
    for (Value& v : open.values) {
      if (v.kind == Kind::number && !is_number(e.vr)) return bad(e.tag, "a number, in text");
      if (is(e.vr, "PN")) v.text = without_empty_groups(std::move(v.text));
      if (is_number(e.vr)) v.text = in_vr(v.text, e.vr);
      MEDARC_TRY(check(e.tag, v.text, e.vr));
      bytes += v.text.size() + 1;
      e.values.push_back(std::move(v.text));
    }
    if (is_single_text(e.vr) && e.values.size() > 1) return bad(e.tag, "this vr has one value");
    if (!one_of(e.vr, "UC,UR,UT") && bytes > kShortLengthMax) {
      return make_error(Code::too_large, tag_hex(e.tag) + ": the value is too long for its vr");
    }
    while (!e.values.empty() && e.values.back().empty()) e.values.pop_back();
    return {};
  }

  static Status check(Tag at, std::string_view text, const Vr& vr) {
    if (text.empty()) return {};
    for (const char c : text) {
      const bool layout = c == '\n' || c == '\r' || c == '\t' || c == '\f';
      if ((static_cast<unsigned char>(c) < 0x20 && !(layout && one_of(vr, "LT,ST,UT"))) ||
          c == 0x7F) {
        return bad(at, "control characters in a value");
      }
    }
    if (!is_single_text(vr) && text.find('\\') != std::string_view::npos) {
      return bad(at, "a backslash separates values; give them one by one");
    }
    if (is(vr, "UI") && !plausible_uid(text)) return bad(at, "no UID");
    if (is(vr, "AT") && (text.size() != 8 || !parse_tag(text))) return bad(at, "no tag");
    if (is_number(vr) && !fits_number(vr, text)) return bad(at, "no number of this vr");
    return {};
  }

  const DataSetLimits& limits_;
  size_t instances_ = 0;
  uint32_t elements_ = 0;
  std::vector<DataSet> sets_;  // the instance, and the items around what is read
  std::vector<Open> open_;
  DataSet root_;
  std::optional<std::string> problem_;
};

template <class Document>
Result<DataSet> read(ByteView text, const DataSetLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return make_error(Code::too_large, "the data set is over its limit");
  }
  Reader reader(limits);
  Document document(ModelLimits{limits.depth_max + 1, limits.bytes_max}, reader);
  MEDARC_TRY(document.feed(text));
  MEDARC_TRY(document.finish());
  return reader.take();
}

}  // namespace

Result<DataSet> read_dataset_json(ByteView text, const DataSetLimits& limits) {
  return read<JsonReader>(text, limits);
}

Result<DataSet> read_dataset_xml(ByteView text, const DataSetLimits& limits) {
  return read<XmlReader>(text, limits);
}

}  // namespace medarc::dicom

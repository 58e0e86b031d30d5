#include "dicom/model/xml_reader.h"

#include <expat.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "dicom/dictionary.h"

namespace medarc::dicom {
namespace {

// Expat scans an unfinished tag again with each piece it is given: so they are not too small, and a
// tag not too long.
constexpr size_t kPieceBytes = 64u << 10;
constexpr size_t kTagBytesMax = 1u << 20;
constexpr uint32_t kLeftOutMax = 65536;  // values a document may pass over by their number
constexpr std::string_view kGroups[] = {"Alphabetic", "Ideographic", "Phonetic"};
constexpr std::string_view kParts[] = {"FamilyName", "GivenName", "MiddleName", "NamePrefix",
                                       "NameSuffix"};

template <size_t N>
size_t place_of(std::string_view name, const std::string_view (&names)[N]) {
  return static_cast<size_t>(std::find(std::begin(names), std::end(names), name) - names);
}

std::string_view attribute(const char** attributes, const char* name) {
  for (; *attributes != nullptr; attributes += 2) {
    if (std::strcmp(attributes[0], name) == 0) return attributes[1];
  }
  return {};
}

std::optional<uint32_t> number(std::string_view text, int base) {
  uint32_t v = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), v, base);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

}  // namespace

struct XmlReader::State {
  enum class Node : uint8_t { root, element, item, value, name, group, part, binary, leaf };

  State(const ModelLimits& given, ModelSink& told)
      : limits(given), sink(told), parser(XML_ParserCreate(nullptr), XML_ParserFree) {
    XML_SetUserData(parser.get(), this);
    XML_SetElementHandler(parser.get(), &State::on_start, &State::on_end);
    XML_SetCharacterDataHandler(parser.get(), &State::on_text);
    XML_SetStartDoctypeDeclHandler(parser.get(), &State::on_doctype);
  }

  static void on_start(void* self, const char* name, const char** attributes) {
    auto& s = *static_cast<State*>(self);
    s.since_event = 0;
    const char* colon = std::strrchr(name, ':');
    if (!s.failed) s.check(s.start(colon == nullptr ? name : colon + 1, attributes));
  }
  static void on_end(void* self, const char*) {
    auto& s = *static_cast<State*>(self);
    s.since_event = 0;
    if (!s.failed) s.check(s.end());
  }
  static void on_text(void* self, const char* text, int length) {
    auto& s = *static_cast<State*>(self);
    s.since_event = 0;
    if (!s.failed) s.check(s.characters({text, static_cast<size_t>(length)}));
  }
  static void on_doctype(void* self, const char*, const char*, const char*, int) {
    auto& s = *static_cast<State*>(self);
    s.check(make_error(Code::invalid_argument, "the document has a document type declaration"));
  }

  void check(Status status) {
    if (status.has_value() || failed) return;
    failed = status.error();
    XML_StopParser(parser.get(), XML_FALSE);
  }

  bool in(Node node) const { return !nodes.empty() && nodes.back() == node; }

  Status start(std::string_view name, const char** attributes) {
    // A sequence is an element and an item; around all there is one, inside a name three.
    if (nodes.size() >= 2 * (size_t{limits.nesting_depth_max} + 1) + 6) {
      return make_error(Code::too_large, "the document is nested too deeply");
    }
    text.clear();
    if (nodes.empty()) {
      if (name != "NativeDicomModel") {
        return make_error(Code::invalid_argument, "the document is no Native DICOM Model");
      }
      nodes.push_back(Node::root);
      return sink.begin_instance();
    }
    const Node parent = nodes.back();
    nodes.push_back(Node::leaf);
    if (name == "DicomAttribute" && (parent == Node::root || parent == Node::item)) {
      return start_element(attributes);
    }
    if (parent == Node::element) return start_content(name, attributes);
    if (parent == Node::name) {
      group = place_of(name, kGroups);
      if (group < std::size(kGroups)) {
        nodes.back() = Node::group;
        return {};
      }
    }
    if (parent == Node::group) {
      part = place_of(name, kParts);
      if (part < std::size(kParts)) {
        nodes.back() = Node::part;
        return {};
      }
    }
    if (parent != Node::leaf) sink.problem("an XML element that the Native DICOM Model has not");
    return {};
  }

  Status start_element(const char** attributes) {
    const std::string_view text_of_tag = attribute(attributes, "tag");
    const auto tag = text_of_tag.size() == 8 ? number(text_of_tag, 16) : std::nullopt;
    if (!tag) {
      sink.problem("an attribute without a DICOM tag");
      return {};
    }
    nodes.back() = Node::element;
    counts.push_back(0);
    MEDARC_TRY(sink.begin_element(Tag{*tag}, attribute(attributes, "privateCreator")));
    const std::string_view vr = attribute(attributes, "vr");
    return vr.empty() ? Status() : sink.vr(vr);
  }

  Status start_content(std::string_view name, const char** attributes) {
    if (name == "Item") {
      nodes.back() = Node::item;
      return sink.begin_item();
    }
    if (name == "Value" || name == "PersonName") {
      nodes.back() = name == "Value" ? Node::value : Node::name;
      for (auto& g : groups) {
        for (std::string& p : g) p.clear();
      }
      return pass_to(attribute(attributes, "number"));
    }
    if (name == "InlineBinary") {
      nodes.back() = Node::binary;
      return {};
    }
    if (name == "BulkData") {
      const std::string_view uri = attribute(attributes, "uri");
      return sink.bulk_data(uri.empty() ? attribute(attributes, "uuid") : uri);
    }
    sink.problem("an XML element that the Native DICOM Model has not");
    return {};
  }

  // Values are numbered from 1; those left out are empty.
  Status pass_to(std::string_view numbered) {
    uint32_t& count = counts.back();
    const auto wanted =
        numbered.empty() ? std::optional<uint32_t>(count + 1) : number(numbered, 10);
    if (!wanted || *wanted <= count || *wanted - count > kLeftOutMax) {
      sink.problem("values that are not numbered from 1");
      return {};
    }
    for (; count + 1 < *wanted; ++count) MEDARC_TRY(sink.value(ModelSink::Kind::null, {}));
    ++count;
    return {};
  }

  Status end() {
    const Node node = nodes.back();
    nodes.pop_back();
    Status status;
    switch (node) {
      case Node::root: status = sink.end_instance(); break;
      case Node::element:
        counts.pop_back();
        status = sink.end_element();
        break;
      case Node::item: status = sink.end_item(); break;
      case Node::value: status = told(text); break;
      case Node::name: status = told(whole_name()); break;
      case Node::part: groups[group][part] = text; break;
      case Node::binary: status = sink.inline_binary(text); break;
      case Node::group:
      case Node::leaf: break;
    }
    text.clear();
    return status;
  }

  Status told(std::string_view value) {
    return sink.value(value.empty() ? ModelSink::Kind::null : ModelSink::Kind::text, value);
  }

  // "Family^Given=…=…" without delimiters at the ends.
  std::string whole_name() const {
    std::string out;
    for (const auto& g : groups) {
      for (const std::string& p : g) out += p + '^';
      while (!out.empty() && out.back() == '^') out.pop_back();
      out += '=';
    }
    while (!out.empty() && out.back() == '=') out.pop_back();
    return out;
  }

  Status characters(std::string_view more) {
    const bool wanted = in(Node::value) || in(Node::part) || in(Node::binary);
    if (!wanted) {
      const bool blank = more.find_first_not_of(" \t\r\n") == std::string_view::npos;
      if (!blank && !in(Node::leaf)) sink.problem("text between the elements");
      return {};
    }
    if (text.size() + more.size() > limits.text_bytes_max) {
      return make_error(Code::too_large, "a text of the document is too long");
    }
    text += more;
    return {};
  }

  Status parse(bool last) {
    since_event += pending.size();
    const auto status =
        XML_Parse(parser.get(), pending.data(), static_cast<int>(pending.size()), last);
    pending.clear();
    if (failed) return *failed;
    if (status != XML_STATUS_OK) {
      failed = XML_GetErrorCode(parser.get()) == XML_ERROR_NO_MEMORY
                   ? make_error(Code::exhausted, "no memory to read XML")
                   : make_error(Code::invalid_argument, "the document is not well-formed XML");
    } else if (since_event > kTagBytesMax) {
      failed = make_error(Code::too_large, "a tag or comment of the document is too long");
    }
    return failed ? Status(*failed) : Status();
  }

  const ModelLimits limits;
  ModelSink& sink;
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser;
  std::vector<Node> nodes;
  std::vector<uint32_t> counts;  // values told, of each open element
  std::string groups[3][5];
  size_t group = 0, part = 0;
  std::string text;
  Bytes pending;           // not yet given to the parser
  size_t since_event = 0;  // bytes given to it that it has not told of
  std::optional<Error> failed;
};

XmlReader::XmlReader(const ModelLimits& limits, ModelSink& sink)
    : state_(std::make_unique<State>(limits, sink)) {}
XmlReader::~XmlReader() = default;

Status XmlReader::feed(ByteView bytes) {
  while (!bytes.empty()) {
    if (state_->failed) return *state_->failed;
    const size_t n = std::min(bytes.size(), kPieceBytes - state_->pending.size());
    state_->pending.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    if (state_->pending.size() == kPieceBytes) MEDARC_TRY(state_->parse(false));
  }
  return {};
}

Status XmlReader::finish() {
  if (state_->failed) return *state_->failed;
  return state_->parse(true);
}

}  // namespace medarc::dicom

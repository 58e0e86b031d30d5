#include "dicom/model/xml_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <vector>

#include "dicom/dictionary.h"
#include "dicom/model/json_reader.h"
#include "dicom/private_tags.h"

namespace medarc::dicom {
namespace {

constexpr std::string_view kStart =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<NativeDicomModel xmlns=\"http://dicom.nema.org/PS3.19/models/NativeDICOM\" "
    "xml:space=\"preserve\">";
constexpr std::string_view kEnd = "</NativeDicomModel>\n";
constexpr size_t kPieceBytes = 64u << 10;
constexpr uint32_t kDepthMax = 250;  // what was stored under any limit

// U+FFFE and U+FFFF are no characters of XML.
bool no_character(std::string_view text, size_t at) {
  return text.substr(at, 2) == "\xEF\xBF" && at + 2 < text.size() &&
         (text[at + 2] == '\xBE' || text[at + 2] == '\xBF');
}

// For content and for attributes in double quotes.
void append_text(Bytes& out, std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\t': out += "&#9;"; break;
      case '\n': out += "&#10;"; break;
      case '\r': out += "&#13;"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\xEF\xBF\xBD";
        } else if (no_character(text, i)) {
          out += "\xEF\xBF\xBD";
          i += 2;
        } else {
          out += c;
        }
    }
  }
}

class Writer final : public ModelSink {
 public:
  std::deque<Bytes> documents;  // that are whole

  Status begin_instance() override {
    out = kStart;
    levels_.assign(1, {});
    return {};
  }
  Status end_instance() override {
    out += kEnd;
    documents.push_back(std::move(out));
    return {};
  }
  Status begin_element(Tag tag, std::string_view) override {
    open_.push_back({tag});
    return {};
  }
  Status vr(std::string_view vr) override {
    Open& e = open_.back();
    if (e.named || vr.size() != 2) return broken();
    e.named = true;
    e.name = vr == "PN";
    const std::string* creator = creator_of(e.tag);
    const uint32_t tag = creator == nullptr ? e.tag.value : e.tag.value & 0xFFFF00FF;
    fmt::format_to(std::back_inserter(out), "<DicomAttribute tag=\"{:08X}\" vr=\"", tag);
    append_text(out, vr);
    const bool own = (e.tag.value >> 16) % 2 == 1;  // private ones have no keywords
    if (const std::string keyword = keyword_of(e.tag); !keyword.empty() && !own) {
      out += "\" keyword=\"" + keyword;
    }
    if (creator != nullptr) {
      out += "\" privateCreator=\"";
      append_text(out, *creator);
    }
    out += "\">";
    return {};
  }
  Status value(Kind kind, std::string_view text) override {
    Open& e = open_.back();
    if (!e.named) return broken();
    if (kind == Kind::object && !e.name) {
      MEDARC_TRY(begin_item());
      return end_item();
    }
    if (is_private_creator(e.tag) && e.number == 0)
      levels_.back().push_back({e.tag, std::string(text)});
    const char* element = e.name ? "PersonName" : "Value";
    fmt::format_to(std::back_inserter(out), "<{} number=\"{}\"", element, ++e.number);
    if (text.empty()) {
      out += "/>";
      return {};
    }
    out += '>';
    if (e.name) {
      append_name(text);
    } else {
      append_text(out, text);
    }
    fmt::format_to(std::back_inserter(out), "</{}>", element);
    return {};
  }
  Status inline_binary(std::string_view base64) override {
    if (!open_.back().named) return broken();
    out += "<InlineBinary>";
    append_text(out, base64);
    out += "</InlineBinary>";
    return {};
  }
  Status bulk_data(std::string_view uri) override {
    if (!open_.back().named) return broken();
    out += "<BulkData uri=\"";
    append_text(out, uri);
    out += "\"/>";
    return {};
  }
  Status begin_item() override {
    if (!open_.back().named) return broken();
    fmt::format_to(std::back_inserter(out), "<Item number=\"{}\">", ++open_.back().number);
    levels_.emplace_back();
    return {};
  }
  Status end_item() override {
    out += "</Item>";
    levels_.pop_back();
    return {};
  }
  Status end_element() override {
    if (!open_.back().named) return broken();
    out += "</DicomAttribute>";
    open_.pop_back();
    return {};
  }
  void problem(std::string_view) override { problem_ = true; }
  bool has_problem() const { return problem_; }

 private:
  struct Open {
    Tag tag;
    bool named = false, name = false;  // has its VR; that is PN
    uint32_t number = 0;               // of the last value or item
  };
  struct Creator {
    Tag tag;  // (gggg,00bb)
    std::string text;
  };

  static Error broken() { return make_error(Code::corrupt, "kept metadata cannot be read"); }

  // The only creator of that text in its group, for an element of its block.
  const std::string* creator_of(Tag tag) const {
    if (!is_private(tag) || (tag.value & 0xFFFF) < 0x1000) return nullptr;
    const auto& all = levels_.back();
    const uint32_t wanted = creator_tag(tag).value;
    const auto own = std::find_if(all.begin(), all.end(),
                                  [&](const Creator& c) { return c.tag.value == wanted; });
    if (own == all.end() || own->text.empty()) return nullptr;
    const auto same = std::count_if(all.begin(), all.end(), [&](const Creator& c) {
      return c.tag.value >> 16 == wanted >> 16 && c.text == own->text;
    });
    return same == 1 ? &own->text : nullptr;
  }

  void append_name(std::string_view groups) {
    static constexpr const char* kGroups[] = {"Alphabetic", "Ideographic", "Phonetic"};
    static constexpr const char* kParts[] = {"FamilyName", "GivenName", "MiddleName", "NamePrefix",
                                             "NameSuffix"};
    for (const char* group : kGroups) {
      const size_t to = groups.find('=');
      std::string_view text = groups.substr(0, to);
      if (!text.empty()) {
        out += std::string("<") + group + ">";
        for (size_t i = 0; i < std::size(kParts) && !text.empty(); ++i) {
          // What follows the fifth part belongs to it.
          const size_t end = i + 1 < std::size(kParts) ? text.find('^') : std::string_view::npos;
          const std::string_view part = text.substr(0, end);
          if (!part.empty()) {
            out += std::string("<") + kParts[i] + ">";
            append_text(out, part);
            out += std::string("</") + kParts[i] + ">";
          }
          text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        }
        out += std::string("</") + group + ">";
      }
      if (to == std::string_view::npos) return;
      groups.remove_prefix(to + 1);
    }
  }

  Bytes out;
  std::vector<Open> open_;
  std::vector<std::vector<Creator>> levels_;
  bool problem_ = false;
};

ModelLimits no_limits() {
  ModelLimits limits;
  limits.nesting_depth_max = kDepthMax;
  limits.text_bytes_max = UINT64_MAX;
  return limits;
}

Error unreadable() { return make_error(Code::corrupt, "kept metadata cannot be read"); }

}  // namespace

struct XmlInstances::State {
  explicit State(std::unique_ptr<ByteSource> json) : source(std::move(json)) {}
  std::unique_ptr<ByteSource> source;
  Writer writer;
  JsonReader reader{no_limits(), writer};
  Bytes piece = Bytes(kPieceBytes, '\0');
  bool ended = false;
};

XmlInstances::XmlInstances(std::unique_ptr<ByteSource> json)
    : state_(std::make_unique<State>(std::move(json))) {}
XmlInstances::~XmlInstances() = default;

Result<std::optional<Bytes>> XmlInstances::next() {
  State& s = *state_;
  while (s.writer.documents.empty() && !s.ended) {
    MEDARC_ASSIGN(const size_t n, s.source->read(s.piece.data(), s.piece.size()));
    s.ended = n == 0;
    const Status status = s.ended ? s.reader.finish() : s.reader.feed({s.piece.data(), n});
    if (status.has_error() || s.writer.has_problem()) return unreadable();
  }
  if (s.writer.documents.empty()) return std::optional<Bytes>();
  std::optional<Bytes> out(std::move(s.writer.documents.front()));
  s.writer.documents.pop_front();
  return out;
}

Result<Bytes> native_xml(ByteView json) {
  XmlInstances one(std::make_unique<StringSource>(Bytes(json)));
  MEDARC_ASSIGN(auto out, one.next());
  if (!out) return unreadable();
  return std::move(*out);
}

}  // namespace medarc::dicom

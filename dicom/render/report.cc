#include "dicom/render/report.h"

#include <algorithm>

#include "dicom/render/items.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr Tag kContent{0x0040A730}, kConceptName{0x0040A043}, kCodeMeaning{0x00080104};
constexpr std::string_view kStyle =
    "body{font:16px/1.45 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "h1{font-size:1.5em}table{border-collapse:collapse}th{text-align:left;padding-right:1.5em;"
    "font-weight:600;vertical-align:top}ul{padding-left:1.3em}b{font-weight:600}"
    ".k{color:#666}.t{white-space:pre-wrap}";

void escape(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      case '\t':
      case '\n':
      case '\r': out += c; break;
      default: out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
  }
}

// "Muster^Erika" as people write it: the first group that is there, parts by blanks.
std::string person(std::string name) {
  name = name.substr(0, name.find('='));
  std::replace(name.begin(), name.end(), '^', ' ');
  while (!name.empty() && name.back() == ' ') name.pop_back();
  return name;
}

// "20260115103000" as "2026-01-15 10:30:00"; other forms as they are.
std::string readable_time(const std::string& t) {
  const auto digits = [&t](size_t n) {
    return t.size() >= n && std::all_of(t.begin(), t.begin() + static_cast<ptrdiff_t>(n),
                                        [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(8)) return t;
  std::string out = t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2);
  if (digits(12)) out += " " + t.substr(8, 2) + ":" + t.substr(10, 2);
  if (digits(14)) out += ":" + t.substr(12, 2);
  return out;
}

class Page {
 public:
  Page(const Scanner& scanner, uint64_t bytes_max)
      : root_(scanner), charset_(charset_of(scanner)), bytes_max_(bytes_max) {}

  Result<Bytes> make() {
    std::string title = meaning(root_, kConceptName);
    if (title.empty()) title = "Structured report";
    out_ = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
    escape(out_, title);
    out_ += "</title><style>";
    out_ += kStyle;
    out_ += "</style></head><body>\n<h1>";
    escape(out_, title);
    out_ += "</h1>\n<table>\n";
    row("Patient", person(text(root_, Tag{0x00100010})));
    row("Patient ID", text(root_, Tag{0x00100020}));
    row("Birth date", readable_time(text(root_, Tag{0x00100030})));
    row("Study date", readable_time(text(root_, Tag{0x00080020})));
    row("Content date", readable_time(text(root_, Tag{0x00080023}) + text(root_, Tag{0x00080033})));
    row("Institution", text(root_, Tag{0x00080080}));
    row("Completion", text(root_, Tag{0x0040A491}));
    row("Verification", text(root_, Tag{0x0040A493}));
    out_ += "</table>\n";
    // The root's own children first; each open list is one entry, so depth costs no stack.
    std::vector<std::vector<ItemView>> open;
    enter(root_, open);
    while (!open.empty()) {
      if (out_.size() > bytes_max_) {
        return make_error(Code::too_large, "the rendered report would be larger than " +
                                               std::to_string(bytes_max_) + " bytes");
      }
      if (open.back().empty()) {
        open.pop_back();
        out_ += open.empty() ? "</ul>\n" : "</ul></li>\n";
        continue;
      }
      const ItemView item = open.back().back();
      open.back().pop_back();
      out_ += "<li>";
      content_item(item);
      if (!enter(item, open)) out_ += "</li>\n";
    }
    out_ += "</body></html>\n";
    return std::move(out_);
  }

 private:
  // Opens the list of the item's children, the last one first in the vector.
  bool enter(const ItemView& item, std::vector<std::vector<ItemView>>& open) {
    auto children = item.items(kContent);
    if (children.empty()) return false;
    std::reverse(children.begin(), children.end());
    open.push_back(std::move(children));
    out_ += "\n<ul>\n";
    return true;
  }

  std::string text(const ItemView& item, Tag tag) const { return item.text(tag, charset_); }

  // Meaning of a code, or the code when it has none.
  std::string meaning(const ItemView& item, Tag sequence) const {
    const auto code = item.item(sequence);
    if (!code) return {};
    const std::string out = text(*code, kCodeMeaning);
    return out.empty() ? text(*code, Tag{0x00080100}) : out;
  }

  void row(const char* name, const std::string& value) {
    if (value.empty()) return;
    out_ += "<tr><th>";
    out_ += name;
    out_ += "</th><td>";
    escape(out_, value);
    out_ += "</td></tr>\n";
  }

  void content_item(const ItemView& item) {
    const std::string name = meaning(item, kConceptName);
    const std::string type = item.text(Tag{0x0040A040});
    if (!name.empty()) {
      out_ += "<b>";
      escape(out_, name);
      out_ += type == "CONTAINER" ? "</b>" : ":</b> ";
    }
    out_ += "<span class=\"t\">";
    escape(out_, value(item, type));
    out_ += "</span>";
  }

  std::string value(const ItemView& item, const std::string& type) const {
    if (type == "TEXT") return text(item, Tag{0x0040A160});
    if (type == "CODE") return meaning(item, Tag{0x0040A168});
    if (type == "NUM") return measured(item);
    if (type == "DATETIME") return readable_time(text(item, Tag{0x0040A120}));
    if (type == "DATE") return readable_time(text(item, Tag{0x0040A121}));
    if (type == "TIME") return text(item, Tag{0x0040A122});
    if (type == "PNAME") return person(text(item, Tag{0x0040A123}));
    if (type == "UIDREF") return text(item, Tag{0x0040A124});
    if (type == "SCOORD" || type == "SCOORD3D") return coordinates(item);
    if (type == "IMAGE" || type == "COMPOSITE" || type == "WAVEFORM") return reference(item, type);
    return {};
  }

  std::string measured(const ItemView& item) const {
    const auto number = item.item(Tag{0x0040A300});
    if (!number) return meaning(item, Tag{0x0040A301});  // why there is none
    std::string out = text(*number, Tag{0x0040A30A});
    if (const auto unit = number->item(Tag{0x004008EA})) {
      const std::string code = text(*unit, Tag{0x00080100});
      if (!code.empty() && code != "1") out += " " + code;
    }
    return out;
  }

  std::string coordinates(const ItemView& item) const {
    std::string out = text(item, Tag{0x00700023});
    const auto points = item.numbers(Tag{0x00700022});
    if (!points.empty()) out += ", " + std::to_string(points.size()) + " coordinates";
    return out;
  }

  std::string reference(const ItemView& item, const std::string& type) const {
    std::string out = type == "IMAGE" ? "Image " : type == "WAVEFORM" ? "Waveform " : "Object ";
    if (const auto object = item.item(Tag{0x00081199})) {
      out += text(*object, Tag{0x00081155});
      const std::string frame = text(*object, Tag{0x00081160});
      if (!frame.empty()) out += ", frame " + frame;
    }
    return out;
  }

  const ItemView root_;
  const Charset charset_;
  const uint64_t bytes_max_;
  std::string out_;
};

}  // namespace

Result<Bytes> report_html(const Scanner& scanner, uint64_t bytes_max) {
  return Page(scanner, bytes_max).make();
}

}  // namespace medarc::dicom

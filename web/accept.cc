#include "web/accept.h"

#include <algorithm>

#include "web/text.h"

namespace medarc::web {
namespace {

// "0.5" -> 500; 1000 for anything else, as most clients mean it.
int parse_q(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 1000;
  int q = text[0] == '1' ? 1000 : 0;
  if (text.size() == 1) return q;
  if (text[1] != '.') return 1000;
  int weight = 100;
  for (const char c : text.substr(2)) {
    if (c < '0' || c > '9') return 1000;
    q += (c - '0') * weight;
    weight /= 10;
  }
  return std::min(q, 1000);
}

std::string unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string out;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// In a query "+" means a blank, yet "application/dicom+json" is often written bare.
std::string restore_plus(std::string_view text) {
  std::string out(text);
  for (size_t i = 1; i + 1 < out.size(); ++i) {
    if (out[i] == ' ' && is_token(std::string_view(&out[i - 1], 1)) &&
        is_token(std::string_view(&out[i + 1], 1))) {
      out[i] = '+';
    }
  }
  return out;
}

void add_ranges(std::string_view text, bool from_query, std::vector<MediaRange>& out) {
  const size_t first = out.size();
  for (const std::string_view one : split_list(text, ',')) {
    if (out.size() == kMediaRangesMax) break;
    auto media = parse_media_type(one);
    if (!media) continue;
    MediaRange range;
    range.from_query = from_query;
    const auto q = std::find_if(media->parameters.begin(), media->parameters.end(),
                                [](const auto& p) { return p.first == "q"; });
    if (q != media->parameters.end()) {
      range.q = parse_q(q->second);
      media->parameters.erase(q);
    }
    range.media = std::move(*media);
    const bool wild = range.media.type == "*" || range.media.subtype == "*";
    if (range.q > 0 && !(from_query && wild)) out.push_back(std::move(range));
  }
  std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
                   [](const MediaRange& a, const MediaRange& b) { return a.q > b.q; });
}

}  // namespace

std::string_view MediaType::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  return {};
}

bool MediaType::is(std::string_view full) const {
  const size_t slash = full.find('/');
  return type == full.substr(0, slash) && subtype == full.substr(slash + 1);
}

bool MediaType::covers(std::string_view full) const {
  const size_t slash = full.find('/');
  return (type == "*" || type == full.substr(0, slash)) &&
         (subtype == "*" || subtype == full.substr(slash + 1));
}

std::optional<MediaType> parse_media_type(std::string_view text) {
  const auto pieces = split_list(text, ';');
  if (pieces.empty()) return std::nullopt;
  const size_t slash = pieces[0].find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  MediaType out;
  const std::string_view type = trim(pieces[0].substr(0, slash));
  const std::string_view subtype = trim(pieces[0].substr(slash + 1));
  if (!is_token(type) || !is_token(subtype)) return std::nullopt;
  out.type = to_lower_ascii(type);
  out.subtype = to_lower_ascii(subtype);
  for (size_t i = 1; i < pieces.size(); ++i) {
    const size_t equals = pieces[i].find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trim(pieces[i].substr(0, equals));
    if (!is_token(name)) return std::nullopt;
    out.parameters.emplace_back(to_lower_ascii(name), unquote(trim(pieces[i].substr(equals + 1))));
  }
  return out;
}

bool accept_given(const Request& request) {
  if (!request.headers.find("Accept").empty()) return true;
  bool anything = false;
  for (const auto& [name, value] : request.query) {
    if (name != "accept") continue;
    for (const std::string_view one : split_list(value, ',')) {
      const auto media = parse_media_type(one);
      anything = anything || !media || (media->type != "*" && media->subtype != "*");
    }
  }
  return anything;
}

std::vector<MediaRange> accepted_types(const Request& request) {
  std::vector<MediaRange> out;
  for (const auto& [name, value] : request.query) {
    if (name == "accept") add_ranges(restore_plus(value), true, out);
  }
  std::string header;
  for (const std::string_view one : request.headers.all("Accept")) {
    header += header.empty() ? "" : ",";
    header += one;
  }
  add_ranges(header, false, out);
  return out;
}

int coding_quality(std::string_view accept_encoding, std::string_view coding) {
  int any = 0;
  for (const std::string_view one : split_list(accept_encoding, ',')) {
    const auto pieces = split_list(one, ';');
    if (pieces.empty()) continue;
    int q = 1000;
    for (size_t i = 1; i < pieces.size(); ++i) {
      if (pieces[i].starts_with("q=") || pieces[i].starts_with("Q="))
        q = parse_q(pieces[i].substr(2));
    }
    if (equal_ignoring_case(pieces[0], coding)) return q;
    if (pieces[0] == "*") any = q;
  }
  return any;
}

}  // namespace medarc::web

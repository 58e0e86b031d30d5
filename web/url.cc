#include "web/url.h"

#include <algorithm>

#include "web/text.h"

namespace medarc::web {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Status parse_query(std::string_view text, Target& out) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    if (out.query.size() == kQueryParametersMax) {
      return make_error(
          Code::invalid_argument,
          "the query has more than " + std::to_string(kQueryParametersMax) + " parameters");
    }
    const size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (name.has_error()) return name.error();
    if (value.has_error()) return value.error();
    out.query.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const bool whole = text.size() - i > 2;
      const int h = whole ? hex_value(text[i + 1]) : -1;
      const int l = whole ? hex_value(text[i + 2]) : -1;
      if (h < 0 || l < 0) {
        return make_error(Code::invalid_argument, "the URL holds a broken percent escape");
      }
      out += static_cast<char>(h * 16 + l);
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  static constexpr std::string_view kUnreserved = "-._~";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       kUnreserved.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

Result<Target> parse_target(std::string_view text) {
  Target out;
  if (text == "*") {
    out.path = "*";
    return out;
  }
  const auto bad = [](std::string_view why) {
    return make_error(Code::invalid_argument, std::string(why));
  };
  if (!text.starts_with('/')) {
    // absolute-form; whose host it names is not our business behind a proxy.
    const size_t scheme = text.find("://");
    const std::string_view name = text.substr(0, std::min(scheme, text.size()));
    if (scheme == std::string_view::npos ||
        !(equal_ignoring_case(name, "http") || equal_ignoring_case(name, "https"))) {
      return bad("the request target is neither a path nor an http URL");
    }
    const size_t slash = text.find_first_of("/?", scheme + 3);
    text = slash == std::string_view::npos ? "/" : text.substr(slash);
  }
  const size_t question = text.find_first_of("?#");
  std::string_view path = text.substr(0, question);
  if (question != std::string_view::npos) {
    if (text[question] == '#') return bad("the request target holds a fragment");
    out.query_text = text.substr(question + 1);
    if (out.query_text.find('#') != std::string::npos) {
      return bad("the request target holds a fragment");
    }
  }
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    auto decoded = percent_decode(path.substr(0, end), false);
    if (decoded.has_error()) return decoded.error();
    std::string& segment = *decoded;
    if (segment == "." || segment == "..") return bad("the path holds a dot segment");
    const bool control = std::any_of(segment.begin(), segment.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (control) return bad("the path holds a control character");
    out.path += '/';
    out.path += segment;
    out.segments.push_back(std::move(segment));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  if (out.path.empty()) out.path = "/";
  MEDARC_TRY(parse_query(out.query_text, out));
  return out;
}

}  // namespace medarc::web

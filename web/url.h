// The request target (RFC 9112 3.2, RFC 3986): path segments and query parameters, decoded once, so
// that no later code decodes again.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace medarc::web {

inline constexpr size_t kQueryParametersMax = 1000;

struct Target {
  std::vector<std::string> segments;  // decoded; no empty ones but those between two slashes
  std::string path;                   // "/" + segments joined by "/"
  std::vector<std::pair<std::string, std::string>> query;
  std::string query_text;
};

// invalid_argument: not origin- or absolute-form, bad percent escapes, NUL or control characters in
// the path, "." or ".." segments, too many parameters. A single slash at the end is dropped. "*"
// (for OPTIONS) gives no segments.
Result<Target> parse_target(std::string_view text);

// invalid_argument for a broken escape.
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank);
// Everything but unreserved characters (RFC 3986 2.3) is escaped.
std::string percent_encode(std::string_view text);

}  // namespace medarc::web

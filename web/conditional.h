// Conditional and range requests (RFC 9110 sections 13 and 14) for single-part answers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/io.h"
#include "web/http.h"

namespace medarc::web {

// Whether `list` (If-Match, If-None-Match) names `etag` (without quotes) or is "*". Compares weakly
// for If-None-Match, strongly otherwise; the "-gzip" of a compressed answer's tag is ignored.
bool etag_listed(std::string_view list, std::string_view etag, bool weak);

// The answer that If-Match (412) or If-None-Match (304 for GET and HEAD, 412 otherwise) ask for;
// nullopt: go on.
std::optional<Response> check_preconditions(const Request& request, const std::string& etag);

enum class RangeKind {
  whole,          // no Range, another unit, several ranges, or one that is not well-formed: 200
  part,           // 206
  unsatisfiable,  // 416
};
struct RangeAnswer {
  RangeKind kind = RangeKind::whole;
  ByteRange range;  // of a part
};
// Of something `total` bytes long. Several ranges are answered with the whole thing, as RFC
// 9110 14.2 allows.
RangeAnswer parse_range(std::string_view header, uint64_t total);

// Something with a length that can be read from any byte.
struct Representation {
  std::string content_type;
  std::string etag;  // without quotes; "" when there is none
  uint64_t bytes = 0;
  std::optional<std::string> filename;  // asks for Content-Disposition: attachment
  std::function<Result<std::unique_ptr<ByteSource>>(ByteRange)> open;
};
// 200, 206, 304, 412 or 416, with Accept-Ranges, ETag and Content-Range. `open` is called only when
// bytes are to be sent.
Response serve(const Request& request, const Representation& thing);

// `range` of a source that reads from the start: what comes before is read and dropped.
std::unique_ptr<ByteSource> part_of(std::unique_ptr<ByteSource> source, ByteRange range);

// A header value for Content-Disposition: quotes escaped, controls dropped, RFC 8187 form added for
// names outside ASCII.
std::string attachment(std::string_view filename);

}  // namespace medarc::web

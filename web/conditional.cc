#include "web/conditional.h"

#include <algorithm>
#include <vector>

#include "web/http_error.h"
#include "web/text.h"
#include "web/url.h"

namespace medarc::web {
namespace {

class Part : public ByteSource {
 public:
  Part(std::unique_ptr<ByteSource> source, ByteRange range)
      : source_(std::move(source)), skip_(range.begin), left_(range.length) {}

  Result<size_t> read(char* out, size_t capacity) override {
    if (skip_ > 0) {
      std::vector<char> scratch(std::min<uint64_t>(skip_, 256 << 10));
      while (skip_ > 0) {
        MEDARC_ASSIGN(const size_t n,
                      source_->read(scratch.data(), std::min<uint64_t>(skip_, scratch.size())));
        if (n == 0) return make_error(Code::corrupt, "a source ended before its range");
        skip_ -= n;
      }
    }
    if (left_ == 0) return size_t{0};
    MEDARC_ASSIGN(const size_t n, source_->read(out, std::min<uint64_t>(capacity, left_)));
    left_ -= n;
    return n;
  }

 private:
  std::unique_ptr<ByteSource> source_;
  uint64_t skip_, left_;
};

}  // namespace

bool etag_listed(std::string_view list, std::string_view etag, bool weak) {
  for (std::string_view one : split_list(list, ',')) {
    if (one == "*") return true;
    if (one.starts_with("W/")) {
      if (!weak) continue;
      one.remove_prefix(2);
    }
    if (one.size() < 2 || one.front() != '"' || one.back() != '"') continue;
    one = one.substr(1, one.size() - 2);
    if (one.ends_with("-gzip")) one.remove_suffix(5);
    if (one == etag) return true;
  }
  return false;
}

std::optional<Response> check_preconditions(const Request& request, const std::string& etag) {
  if (etag.empty()) return std::nullopt;
  const auto tagged = [&](Response response) {
    response.headers.set("ETag", '"' + etag + '"');
    return response;
  };
  const std::string_view match = request.headers.find("If-Match");
  if (!match.empty() && !etag_listed(match, etag, false)) {
    return tagged(problem(make_error(Code::precondition_failed, "If-Match names another version")));
  }
  const std::string_view none = request.headers.find("If-None-Match");
  if (!none.empty() && etag_listed(none, etag, true)) {
    if (request.method == "GET" || request.method == "HEAD") {
      return tagged(make_response(304, "", {}));
    }
    return tagged(
        problem(make_error(Code::precondition_failed, "If-None-Match names this version")));
  }
  return std::nullopt;
}

RangeAnswer parse_range(std::string_view header, uint64_t total) {
  header = trim(header);
  const size_t equals = header.find('=');
  if (equals == std::string_view::npos) return {};
  if (!equal_ignoring_case(trim(header.substr(0, equals)), "bytes")) return {};
  const std::string_view set = trim(header.substr(equals + 1));
  const size_t dash = set.find('-');
  if (dash == std::string_view::npos || set.find(',') != std::string_view::npos) return {};
  const std::string_view first = trim(set.substr(0, dash)), last = trim(set.substr(dash + 1));
  const auto begin = parse_decimal(first), end = parse_decimal(last);
  if (first.empty()) {  // the last n bytes
    if (!end) return {};
    if (*end == 0 || total == 0) return {RangeKind::unsatisfiable, {}};
    const uint64_t length = std::min(*end, total);
    return {RangeKind::part, {total - length, length}};
  }
  if (!begin || (!last.empty() && !end)) return {};
  if (end && *end < *begin) return {};
  if (*begin >= total) return {RangeKind::unsatisfiable, {}};
  const uint64_t stop = end ? std::min(*end, total - 1) : total - 1;
  return {RangeKind::part, {*begin, stop - *begin + 1}};
}

Response serve(const Request& request, const Representation& thing) {
  if (auto early = check_preconditions(request, thing.etag)) return std::move(*early);
  RangeAnswer asked;
  // Range is defined for GET alone; HEAD answers as without it (RFC 9110 14.2).
  if (request.method == "GET") {
    const std::string_view condition = request.headers.find("If-Range");
    // Dates in If-Range never match: we give strong tags instead.
    if (condition.empty() || (!thing.etag.empty() && condition.starts_with('"') &&
                              etag_listed(condition, thing.etag, false))) {
      asked = parse_range(request.headers.find("Range"), thing.bytes);
    }
  }
  Response response;
  if (asked.kind == RangeKind::unsatisfiable) {
    response = problem(make_error(Code::range_not_satisfiable, "the range starts past the end"));
    response.headers.set("Content-Range", "bytes */" + std::to_string(thing.bytes));
    response.headers.set("Accept-Ranges", "bytes");
    return response;
  }
  ByteRange range{0, thing.bytes};
  if (asked.kind == RangeKind::part) {
    range = asked.range;
    response.status = 206;
    response.headers.set("Content-Range", "bytes " + std::to_string(range.begin) + "-" +
                                              std::to_string(range.end() - 1) + "/" +
                                              std::to_string(thing.bytes));
  }
  response.headers.set("Content-Type", thing.content_type);
  response.headers.set("Accept-Ranges", "bytes");
  if (!thing.etag.empty()) response.headers.set("ETag", '"' + thing.etag + '"');
  if (thing.filename) response.headers.set("Content-Disposition", attachment(*thing.filename));
  response.body_bytes = range.length;
  if (request.method != "HEAD") {
    auto source = thing.open(range);
    if (source.has_error()) return problem(source.error());
    response.body = std::move(*source);
  }
  return response;
}

std::unique_ptr<ByteSource> part_of(std::unique_ptr<ByteSource> source, ByteRange range) {
  return std::make_unique<Part>(std::move(source), range);
}

std::string attachment(std::string_view filename) {
  std::string plain;
  bool ascii = true;
  for (const char c : filename) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7F) continue;
    if (u >= 0x80) ascii = false;
    if (c == '"' || c == '\\') plain += '\\';
    plain += u >= 0x80 ? '_' : c;
  }
  std::string out = "attachment; filename=\"" + plain + '"';
  if (!ascii) out += "; filename*=UTF-8''" + percent_encode(filename);
  return out;
}

}  // namespace medarc::web

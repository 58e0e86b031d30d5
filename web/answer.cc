#include "web/answer.h"

#include <algorithm>
#include <atomic>
#include <random>

#include "base/clock.h"
#include "web/accept.h"
#include "web/conditional.h"
#include "web/gzip.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

constexpr size_t kGzipBytesMin = 1024;  // below this it costs more than it saves
constexpr std::string_view kExposedHeaders =
    "Accept-Ranges, Content-Disposition, Content-Encoding, Content-Length, Content-Range, "
    "Content-Location, Digest, ETag, Location, Medarc-Withheld, Repr-Digest, Retry-After, "
    "Tus-Checksum-Algorithm, "
    "Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Expires, Upload-Length, "
    "Upload-Metadata, Upload-Offset, Warning, X-Request-Id";
constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

bool compressible(std::string_view content_type) {
  const auto media = parse_media_type(content_type);
  if (!media) return false;
  return media->type == "text" || media->subtype == "json" || media->subtype.ends_with("+json") ||
         media->subtype == "xml" || media->subtype.ends_with("+xml") ||
         media->subtype == "javascript";
}

void add_vary(Headers& headers, std::string_view name) {
  const std::string_view old = headers.find("Vary");
  for (const std::string_view one : split_list(old, ',')) {
    if (equal_ignoring_case(one, name)) return;
  }
  headers.set("Vary",
              old.empty() ? std::string(name) : std::string(old) + ", " + std::string(name));
}

void apply_gzip(const Request& request, Response& response) {
  Headers& headers = response.headers;
  if (response.status == 206 || response.status == 204 || response.status == 304) return;
  if (!headers.find("Content-Encoding").empty() || !compressible(headers.find("Content-Type"))) {
    return;
  }
  // RFC 9111 5.2.2.6; htsget H29.
  if (headers.find("Cache-Control").find("no-transform") != std::string_view::npos) return;
  add_vary(headers, "Accept-Encoding");
  if (coding_quality(request.headers.find("Accept-Encoding"), "gzip") == 0) return;
  if (auto* bytes = std::get_if<Bytes>(&response.body)) {
    if (bytes->size() < kGzipBytesMin) return;
    *bytes = gzip(ByteView(*bytes));
    response.body_bytes.reset();
  } else {
    auto& source = std::get<std::unique_ptr<ByteSource>>(response.body);
    if (!source) return;
    source = gzip(std::move(source));
    response.body_bytes.reset();
  }
  headers.set("Content-Encoding", "gzip");
  const std::string_view etag = headers.find("ETag");
  if (etag.size() >= 2 && etag.back() == '"') {
    headers.set("ETag", std::string(etag.substr(0, etag.size() - 1)) + "-gzip\"");
  }
}

// Which origin may read the answer: "*", the request's own, or "" for none.
std::string allowed_origin(const ServerOptions& options, const Request& request) {
  if (options.cors_origins.empty()) return {};
  const std::string_view origin = request.headers.find("Origin");
  if (options.cors_origins == "*") {
    // htsget wants the origin itself; other answers are kept by caches for all origins alike.
    const bool echo = request.path.starts_with("/htsget/") && !origin.empty();
    return echo ? std::string(origin) : "*";
  }
  for (const std::string_view one : split_list(options.cors_origins, ' ')) {
    if (one == origin) return std::string(origin);
  }
  return {};
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  const size_t begin = out.size();
  out += value;
  // Response splitting (X16): a value is one line, whoever gave it.
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; }, ' ');
  out += "\r\n";
}

bool is_authority(std::string_view text) {
  return !text.empty() && text.size() <= 300 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == ':' || c == '[' || c == ']' || c == '_';
  });
}

// Every second a new text; formatting it for each answer would be a tenth of its cost.
const std::string& http_date_now() {
  thread_local int64_t second = -1;
  thread_local std::string text;
  const Timestamp t = now();
  if (t.us / 1'000'000 != second) {
    second = t.us / 1'000'000;
    text = to_http_date(t);
  }
  return text;
}

}  // namespace

bool origin_admitted(const ServerOptions& options, const Request& request) {
  const std::string_view origin = request.headers.find("Origin");
  if (origin.empty() || request.base_url == origin) return true;
  const std::string allowed = allowed_origin(options, request);
  return allowed == "*" || allowed == origin;
}

Prepared prepare(const ServerOptions& options, const Request& request,
                 const std::string& request_id, Response response) {
  const bool reading = request.method == "GET" || request.method == "HEAD";
  std::string_view etag = response.headers.find("ETag");
  if (reading && response.status == 200 && etag.size() > 2 && etag.starts_with('"')) {
    const std::string_view none = request.headers.find("If-None-Match");
    if (!none.empty() && etag_listed(none, etag.substr(1, etag.size() - 2), true)) {
      response.status = 304;
      response.body = Bytes();
      response.body_bytes.reset();
    }
  }
  apply_gzip(request, response);
  Prepared out;
  out.status = response.status;
  out.bodiless = request.method == "HEAD" || response.status == 204 || response.status == 304;
  if (auto* bytes = std::get_if<Bytes>(&response.body)) {
    // A HEAD answer declares its length beside an empty body.
    out.body_bytes = bytes->empty() && response.body_bytes ? *response.body_bytes : bytes->size();
    out.body = std::move(*bytes);
  } else {
    out.source = std::move(std::get<std::unique_ptr<ByteSource>>(response.body));
    out.body_bytes = response.body_bytes;
    if (!out.source && !out.body_bytes) out.body_bytes = 0;
  }

  std::string& head = out.head;
  head.reserve(512);
  head = "HTTP/1.1 " + std::to_string(out.status) + " ";
  head += reason_of(out.status);
  head += "\r\n";
  append_header(head, "Date", http_date_now());
  const bool html = response.headers.find("Content-Type").starts_with("text/html");
  for (const Header& h : response.headers.entries()) {
    if (is_token(h.name)) append_header(head, h.name, h.value);
  }
  append_header(head, "X-Request-Id", request_id);
  head += "X-Content-Type-Options: nosniff\r\n";
  if (html) append_header(head, "Content-Security-Policy", kPolicy);
  const std::string origin = allowed_origin(options, request);
  if (!origin.empty()) {
    append_header(head, "Access-Control-Allow-Origin", origin);
    if (!request.headers.find("Origin").empty()) {
      append_header(head, "Access-Control-Expose-Headers", kExposedHeaders);
    }
  }
  if (origin != "*" && !options.cors_origins.empty()) {
    append_header(head, "Vary", "Origin");
  }
  return out;
}

Response options_answer(const ServerOptions& options, const Request& request,
                        const std::string& allow) {
  Response response;
  response.status = 204;
  response.headers.add("Allow", allow);
  const bool preflight = !request.headers.find("Access-Control-Request-Method").empty();
  if (preflight && !allowed_origin(options, request).empty()) {
    response.headers.add("Access-Control-Allow-Methods", allow);
    std::string names;
    for (const std::string_view one :
         split_list(request.headers.find("Access-Control-Request-Headers"), ',')) {
      if (!is_token(one)) continue;
      names += (names.empty() ? "" : ", ") + std::string(one);
    }
    if (!names.empty()) response.headers.add("Access-Control-Allow-Headers", names);
    response.headers.add("Access-Control-Max-Age", "2592000");
  }
  return response;
}

std::string base_url_of(const Headers& headers, std::string_view own_authority) {
  std::string_view scheme, host;
  // RFC 7239: the first element is the proxy nearest to the client.
  if (const auto forwarded = split_list(headers.find("Forwarded"), ','); !forwarded.empty()) {
    for (std::string_view pair : split_list(forwarded.front(), ';')) {
      const size_t equals = pair.find('=');
      if (equals == std::string_view::npos) continue;
      std::string_view value = trim(pair.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      const std::string_view name = trim(pair.substr(0, equals));
      if (equal_ignoring_case(name, "proto")) scheme = value;
      if (equal_ignoring_case(name, "host")) host = value;
    }
  }
  const auto first_of = [&](std::string_view name) {
    const auto all = split_list(headers.find(name), ',');
    return all.empty() ? std::string_view() : all.front();
  };
  if (scheme.empty()) scheme = first_of("X-Forwarded-Proto");
  if (host.empty()) host = first_of("X-Forwarded-Host");
  if (!is_authority(host)) host = headers.find("Host");
  if (!is_authority(host)) host = own_authority;
  return std::string(equal_ignoring_case(scheme, "https") ? "https://" : "http://") +
         std::string(host);
}

std::string request_id_of(const Headers& headers) {
  const std::string_view given = headers.find("X-Request-Id");
  if (given.size() <= 64 && is_token(given)) return std::string(given);
  static const uint64_t start = std::random_device()() * 0x9E3779B97F4A7C15ull;
  static std::atomic<uint64_t> next{0};
  const uint64_t id = start + next.fetch_add(1, std::memory_order_relaxed);
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(id >> (56 - 8 * i));
  return to_hex(bytes);
}

}  // namespace medarc::web

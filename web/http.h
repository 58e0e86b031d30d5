// HTTP as Medarc's routes see it: plain structs, no library types. A route never touches a socket.
//
// Bodies stream both ways without holding a thread while the peer is slow: request bytes are pushed
// into a BodyHandler piece by piece, response bytes are pulled from a ByteSource, both on the
// bounded worker pool.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/io.h"
#include "base/result.h"
#include "security/principal.h"

namespace medarc::web {

struct Header {
  std::string name, value;
};

// Names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string name, std::string value);
  std::string_view find(std::string_view name) const;  // "" when absent; the first when repeated
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<Header>& entries() const { return entries_; }

 private:
  std::vector<Header> entries_;
};

struct Request {
  std::string method;
  std::string path;                                        // percent-decoded, normalised, no query
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  std::string query_text;                                  // raw
  Headers headers;
  std::vector<std::string> captures;  // of the route's {parts}, decoded
  security::Principal principal;
  std::string base_url;     // "http://host:port" as the client sees us (Forwarded, X-Forwarded-*)
  uint64_t body_bytes = 0;  // declared length; 0 when chunked or none
  bool has_body = false;
  std::string_view query_value(std::string_view name) const;  // "" when absent
};

// What a connection carries that has become a WebSocket (RFC 6455): texts for the peer, as they
// come. What the peer sends is read and passed over. Thread-safe.
class MessageFeed {
 public:
  virtual ~MessageFeed() = default;
  virtual std::optional<std::string> next() = 0;        // nullopt: none now
  virtual std::optional<std::string> over() const = 0;  // the reason to close with, once it is over
  // Called, by any thread, when one of the two may have something. Replaces the one before.
  virtual void on_change(std::function<void()> wake) = 0;
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Length etc. are the server's business
  std::variant<Bytes, std::unique_ptr<ByteSource>> body;
  std::optional<uint64_t> body_bytes;  // of a source, when known: Content-Length
  // Instead of everything else: the connection becomes a WebSocket. Only for a request that
  // asks_for_websocket().
  std::shared_ptr<MessageFeed> feed = nullptr;
  // Answers that honour Range, ETag and If-Range are made with web/conditional.h; 304 for a
  // matching If-None-Match, HEAD, gzip, CORS and the framing are the server's business.
};

// A GET with the header fields of RFC 6455 4.2.1.
bool asks_for_websocket(const Request& request);

Response make_response(int status, std::string content_type, Bytes body);

// Takes a request's body. Calls come one at a time, not all on one thread.
class BodyHandler {
 public:
  virtual ~BodyHandler() = default;
  // An error ends the upload; the response is that error's (web/http_error.h).
  virtual Status body(ByteView bytes) = 0;
  // The body is complete.
  virtual Response finish() = 0;
};

// A route either answers from the head alone, or takes the body.
using Answer = std::variant<Response, std::unique_ptr<BodyHandler>>;
using RouteFunction = std::function<Answer(const Request&)>;

struct Route {
  std::string method;   // "GET" also serves HEAD
  std::string path;     // "/dicom-web/studies/{study}/series"; a last {name...} takes the rest;
                        // literal parts win over {parts}, those over {rest...}
  std::string summary;  // one line, for /openapi.json
  RouteFunction answer;
  uint64_t body_bytes_max = 1 << 20;  // 0: the server's upload limit
  bool open = false;                  // answers without credentials (health checks)
  Headers options = {};               // added to the answer of OPTIONS on this path
};

// Collects a small body, then calls `then`. For routes with JSON and form bodies.
std::unique_ptr<BodyHandler> collect_body(uint64_t bytes_max,
                                          std::function<Response(Bytes body)> then);

// For routes that have their own form of errors: `then` also answers for a body over the limit
// (too_large, naming the setting). Some of such a body is read, so that its sender hears the
// answer. Of the route, body_bytes_max is 0.
Answer collect_body(const Request& request, uint64_t bytes_max, const char* setting,
                    std::function<Response(Result<Bytes> body)> then);

}  // namespace medarc::web

// What every answer gets, whatever its route: framing headers, CORS, gzip, security headers, 304.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "web/http.h"
#include "web/server.h"

namespace medarc::web {

// An answer ready for the wire: the head without framing headers, and its body.
struct Prepared {
  int status = 200;
  std::string head;  // status line and headers; no Content-Length, no end
  Bytes body;
  std::unique_ptr<ByteSource> source;  // or this
  std::optional<uint64_t> body_bytes;  // to declare; nullopt: not known
  bool bodiless = false;               // HEAD, 204, 304: nothing follows the head
};

// Applies everything that does not depend on the connection. `request` may be half filled when the
// answer is to a broken one.
Prepared prepare(const ServerOptions& options, const Request& request,
                 const std::string& request_id, Response response);

// Whether a page of the request's Origin may read what a WebSocket carries: CORS does not guard
// those. Requests that no page has made, and those of our own pages, always may.
bool origin_admitted(const ServerOptions& options, const Request& request);

// The answer to an OPTIONS request: 204 with Allow, and the CORS preflight headers.
Response options_answer(const ServerOptions& options, const Request& request,
                        const std::string& allow);

// "http://host:port" as the client sees us: Forwarded, X-Forwarded-Proto and -Host, then Host. Text
// that is no host is ignored.
std::string base_url_of(const Headers& headers, std::string_view own_authority);

// The client's X-Request-Id if it is a short token, otherwise a new one.
std::string request_id_of(const Headers& headers);

}  // namespace medarc::web

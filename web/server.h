// The HTTP server: sockets, framing, deadlines, back-pressure. Routes are given whole.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "security/guard.h"
#include "web/http.h"

namespace medarc::web {

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 8042;  // 0: any free one
  uint32_t io_threads = 2;
  uint32_t worker_threads = 8;
  uint32_t queue_max = 1024;  // waiting jobs; then 503 with Retry-After
  uint32_t connections_max = 12'000;
  uint32_t header_bytes_max = 16u << 10;
  uint32_t header_timeout_ms = 10'000;      // from the first byte of a request to its end of head
  uint32_t body_idle_timeout_ms = 30'000;   // longest silence inside a body
  uint32_t body_bytes_per_second_min = 64;  // on average, after body_idle_timeout_ms; 0: off
  uint32_t idle_timeout_ms = 60'000;        // between requests
  uint32_t write_timeout_ms = 60'000;       // longest stall while sending
  uint64_t upload_bytes_max = 1ull << 40;
  uint32_t buffer_bytes = 256u << 10;         // largest piece of a body in memory, a connection
  bool request_gzip = false;                  // accept Content-Encoding: gzip bodies
  std::string cors_origins = "*";             // "*", "" (off) or a blank-separated list
  static ServerOptions from(Config& config);  // section [http]
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(ServerOptions options, std::vector<Route> routes,
                                               security::Authenticator& authenticator);
  virtual ~Server() = default;  // as stop()
  virtual uint16_t port() const = 0;
  // Takes no new connections, lets running requests finish up to `drain_ms`, then closes.
  virtual void stop(uint32_t drain_ms) = 0;
};

}  // namespace medarc::web

// A real server on a free loopback port with a few routes that show how it treats bodies.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http_client.h"
#include "web/server.h"

namespace medarc::web {

// Admits everybody without credentials and "Bearer good"; nobody else.
class LenientAuthenticator : public security::Authenticator {
 public:
  Result<security::Principal> http(std::string_view authorization,
                                   const std::string& peer) override;
  Result<security::Principal> association(const security::Caller&) override;
  bool known_peer(const security::Caller&) const override { return false; }
  bool tokens_configured() const override { return false; }
  bool peers_configured() const override { return false; }
};

// Counts what its routes saw.
struct Seen {
  std::atomic<int> calls{0};
  std::atomic<uint64_t> body_bytes{0};
  std::atomic<int> handlers{0};  // alive
};

// GET /hello text; GET /echo/{a}/{b...} captures; GET /stream?bytes= a source of that length; GET
// /long?bytes= the same without a length; GET /json a large JSON text with an ETag; GET /broken a
// source that fails half-way; GET /throw; POST /sum takes a body and answers "length crc"; POST
// /small takes at most 100 bytes; GET /slow blocks a worker for 50 ms; GET /header?value= sets a
// header; GET /open needs no credentials; GET /page is HTML; GET /file has ranges.
std::vector<Route> sample_routes(Seen& seen);

class ServerTest : public testing::Test {
 protected:
  void start(ServerOptions options = {});
  test::HttpAnswer get(std::string_view target, const test::HttpClient::Headers& headers = {}) {
    return test::http(port(), "GET", target, headers);
  }
  uint16_t port() const { return server_->port(); }

  Seen seen_;
  LenientAuthenticator authenticator_;
  std::unique_ptr<Server> server_;
};

}  // namespace medarc::web

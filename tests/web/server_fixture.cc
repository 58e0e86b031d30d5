#include "tests/web/server_fixture.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "web/conditional.h"

namespace medarc::web {
namespace {

// Bytes that depend on their place, so that a shift is seen.
class Pattern : public ByteSource {
 public:
  Pattern(uint64_t bytes, bool fails) : left_(bytes), fails_(fails) {}
  Result<size_t> read(char* out, size_t capacity) override {
    if (left_ == 0 && fails_) return make_error(Code::corrupt, "half-way");
    const size_t n = std::min<uint64_t>(left_, capacity);
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<char>('a' + (at_ + i) % 23);
    at_ += n;
    left_ -= n;
    return n;
  }

 private:
  uint64_t left_, at_ = 0;
  bool fails_;
};

class Sum : public BodyHandler {
 public:
  explicit Sum(Seen& seen) : seen_(seen) { ++seen_.handlers; }
  ~Sum() override { --seen_.handlers; }
  Status body(ByteView bytes) override {
    length_ += bytes.size();
    seen_.body_bytes += bytes.size();
    crc_ = crc32c(bytes, crc_);
    return {};
  }
  Response finish() override {
    return make_response(200, "text/plain", std::to_string(length_) + " " + std::to_string(crc_));
  }

 private:
  Seen& seen_;
  uint64_t length_ = 0;
  uint32_t crc_ = 0;
};

Response stream(const Request& request, bool with_length, bool fails) {
  Response response = make_response(200, "application/octet-stream", {});
  const uint64_t bytes = std::stoull(std::string(request.query_value("bytes")));
  response.body = std::make_unique<Pattern>(bytes, fails);
  if (with_length) response.body_bytes = bytes;
  return response;
}

}  // namespace

Result<security::Principal> LenientAuthenticator::http(std::string_view authorization,
                                                       const std::string& peer) {
  if (!authorization.empty() && authorization != "Bearer good") {
    return make_error(Code::unauthenticated, "the token is not known");
  }
  return security::Principal{"local", {security::Role::administrator}, "http", peer};
}

Result<security::Principal> LenientAuthenticator::association(const security::Caller& caller) {
  return security::Principal{"ae", {security::Role::modality}, "dimse", caller.address};
}

std::vector<Route> sample_routes(Seen& seen) {
  using Made = Answer;
  std::vector<Route> routes;
  const auto get = [&](std::string path, RouteFunction f) {
    routes.push_back({"GET", std::move(path), "", std::move(f)});
  };
  get("/hello", [&](const Request& r) -> Made {
    ++seen.calls;
    return make_response(200, "text/plain", "hello " + r.principal.id);
  });
  get("/echo/{a}/{b...}", [](const Request& r) -> Made {
    return make_response(200, "text/plain", r.captures[0] + "|" + r.captures[1]);
  });
  get("/base",
      [](const Request& r) -> Made { return make_response(200, "text/plain", r.base_url); });
  get("/stream", [](const Request& r) -> Made { return stream(r, true, false); });
  get("/long", [](const Request& r) -> Made { return stream(r, false, false); });
  get("/broken", [](const Request& r) -> Made { return stream(r, false, true); });
  get("/json", [](const Request&) -> Made {
    Response response = make_response(200, "application/json", "[" + std::string(5000, ' ') + "]");
    response.headers.add("ETag", "\"v1\"");
    return response;
  });
  get("/throw", [](const Request&) -> Made { throw std::runtime_error("third party"); });
  get("/slow", [&](const Request&) -> Made {
    ++seen.calls;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return make_response(200, "text/plain", "slow");
  });
  get("/header", [](const Request& r) -> Made {
    Response response = make_response(200, "text/plain", "x");
    response.headers.add("X-Given", std::string(r.query_value("value")));
    return response;
  });
  get("/page", [](const Request&) -> Made {
    return make_response(200, "text/html; charset=utf-8", "<p>page</p>");
  });
  get("/file", [](const Request& r) -> Made {
    Representation thing;
    thing.content_type = "application/octet-stream";
    thing.etag = "abc";
    thing.bytes = 100'000;
    thing.open = [](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
      return part_of(std::make_unique<Pattern>(100'000, false), range);
    };
    return serve(r, thing);
  });
  get("/open", [](const Request&) -> Made { return make_response(200, "text/plain", "open"); });
  routes.back().open = true;
  routes.push_back({"POST", "/sum", "",
                    [&](const Request&) -> Made {
                      ++seen.calls;
                      return std::make_unique<Sum>(seen);
                    },
                    0});
  routes.push_back({"POST", "/small", "",
                    [](const Request&) -> Made {
                      return collect_body(100, [](Bytes body) {
                        return make_response(200, "text/plain", std::move(body));
                      });
                    },
                    100});
  return routes;
}

void ServerTest::start(ServerOptions options) {
  options.port = 0;
  auto server = Server::start(std::move(options), sample_routes(seen_), authenticator_);
  ASSERT_TRUE(server.has_value()) << server.error().text;
  server_ = std::move(*server);
}

}  // namespace medarc::web

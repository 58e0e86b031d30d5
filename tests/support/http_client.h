// A tiny blocking HTTP/1.1 client over a loopback socket, for tests: whole requests, or raw bytes
// for what no well-behaved client sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace medarc::test {

struct HttpAnswer {
  int status = 0;  // 0: the connection ended before a whole answer
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // chunks joined
  bool chunked = false;
  std::string header(std::string_view name) const;  // any case; "" when absent
};

class HttpClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  explicit HttpClient(uint16_t port, int timeout_ms = 10'000);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Host and Content-Length are added unless given.
  HttpAnswer request(std::string_view method, std::string_view target, const Headers& headers = {},
                     std::string_view body = {});
  HttpAnswer get(std::string_view target, const Headers& headers = {}) {
    return request("GET", target, headers);
  }

  bool send(std::string_view raw);  // false when the peer is gone
  // One answer; 1xx ones are skipped unless `interim`. `head_only`: to a HEAD request.
  HttpAnswer receive(bool head_only = false, bool interim = false);
  bool at_end();  // waits; true when the peer has closed
  int descriptor() const { return fd_; }

 private:
  bool more();
  std::optional<std::string> line();
  std::optional<std::string> exactly(size_t n);

  int fd_ = -1;
  std::string in_;
};

// A connection for one request.
HttpAnswer http(uint16_t port, std::string_view method, std::string_view target,
                const HttpClient::Headers& headers = {}, std::string_view body = {});

}  // namespace medarc::test

#include "tests/support/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace medarc::test {
namespace {

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same(key, name)) return value;
  }
  return {};
}

HttpClient::HttpClient(uint16_t port, int timeout_ms) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{timeout_ms / 1000, timeout_ms % 1000 * 1000};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    fd_ = -1;
  }
}

HttpClient::~HttpClient() {
  if (fd_ >= 0) ::close(fd_);
}

bool HttpClient::send(std::string_view raw) {
  while (!raw.empty()) {
    const ssize_t n = ::send(fd_, raw.data(), raw.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;  // the server's workers are children of this process
    if (n <= 0) return false;
    raw.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool HttpClient::more() {
  char piece[64 << 10];
  ssize_t n;
  do {
    n = ::recv(fd_, piece, sizeof piece, 0);
  } while (n < 0 && errno == EINTR);
  if (n <= 0) return false;
  in_.append(piece, static_cast<size_t>(n));
  return true;
}

std::optional<std::string> HttpClient::line() {
  size_t end;
  while ((end = in_.find("\r\n")) == std::string::npos) {
    if (!more()) return std::nullopt;
  }
  std::string out = in_.substr(0, end);
  in_.erase(0, end + 2);
  return out;
}

std::optional<std::string> HttpClient::exactly(size_t n) {
  while (in_.size() < n) {
    if (!more()) return std::nullopt;
  }
  std::string out = in_.substr(0, n);
  in_.erase(0, n);
  return out;
}

HttpAnswer HttpClient::receive(bool head_only, bool interim) {
  HttpAnswer out;
  int status = 0;
  for (;;) {
    const auto first = line();
    if (!first || first->size() < 12) return {};
    status = std::stoi(first->substr(9, 3));
    out.headers.clear();
    for (;;) {
      const auto field = line();
      if (!field) return {};
      if (field->empty()) break;
      const size_t colon = field->find(':');
      if (colon == std::string::npos) return {};
      out.headers.emplace_back(field->substr(0, colon), field->substr(colon + 2));
    }
    if (status >= 200 || interim) break;
  }
  if (head_only || status < 200 || status == 204 || status == 304) {
    out.status = status;
    return out;
  }
  out.chunked = same(out.header("Transfer-Encoding"), "chunked");
  if (out.chunked) {
    for (;;) {
      const auto size = line();
      if (!size) return {};
      const size_t n = std::stoull(*size, nullptr, 16);
      const auto bytes = exactly(n);
      const auto end = line();
      if (!bytes || !end || !end->empty()) return {};
      if (n == 0) break;
      out.body += *bytes;
    }
  } else if (const std::string length = out.header("Content-Length"); !length.empty()) {
    auto bytes = exactly(std::stoull(length));
    if (!bytes) return {};
    out.body = std::move(*bytes);
  } else {
    while (more()) {
    }
    out.body = std::move(in_);
    in_.clear();
  }
  out.status = status;
  return out;
}

HttpAnswer HttpClient::request(std::string_view method, std::string_view target,
                               const Headers& headers, std::string_view body) {
  std::string head = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  bool host = false, framed = false;
  for (const auto& [name, value] : headers) {
    host = host || same(name, "Host");
    framed = framed || same(name, "Content-Length") || same(name, "Transfer-Encoding");
    head += name + ": " + value + "\r\n";
  }
  if (!host) head += "Host: 127.0.0.1\r\n";
  if (!framed && (!body.empty() || method == "POST" || method == "PUT")) {
    head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  send(head + "\r\n");
  send(body);
  return receive(method == "HEAD");
}

bool HttpClient::at_end() {
  if (!in_.empty()) return false;
  char one;
  const ssize_t n = ::recv(fd_, &one, 1, 0);
  return n == 0 || (n < 0 && errno == ECONNRESET);
}

HttpAnswer http(uint16_t port, std::string_view method, std::string_view target,
                const HttpClient::Headers& headers, std::string_view body) {
  HttpClient client(port);
  return client.request(method, target, headers, body);
}

}  // namespace medarc::test

#include "web/client/http_client.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <sstream>

#include "dicom/ul/socket.h"
#include "security/secret_file.h"

namespace medarc::web {
namespace {

namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

constexpr size_t kPieceBytes = 256u << 10;

std::string host_field(const dicom::WebDestination& to) {
  const bool v6 = to.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + to.host + "]" : to.host;
  const bool usual = to.port == (to.tls != nullptr ? 443 : 80);
  return usual ? host : host + ":" + std::to_string(to.port);
}

std::string chunk_head(size_t bytes) {
  std::ostringstream out;
  out << std::hex << bytes << "\r\n";
  return out.str();
}

}  // namespace

Result<std::string> authorization_of(const dicom::WebDestination& to) {
  if (to.token_file.empty() && to.basic_file.empty()) return std::string();
  const bool bearer = !to.token_file.empty();
  const std::string& file = bearer ? to.token_file : to.basic_file;
  MEDARC_ASSIGN(const std::string secret, security::read_secret(file));
  if (std::any_of(secret.begin(), secret.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    return make_error(Code::invalid_argument, file + ": one line of text is wanted");
  }
  return bearer ? "Bearer " + secret : "Basic " + to_base64(secret);
}

Result<std::unique_ptr<HttpConnection>> HttpConnection::open(const dicom::WebDestination& to,
                                                             const dicom::ul::Signal& stop) {
  MEDARC_ASSIGN(dicom::ul::Descriptor socket,
                dicom::ul::connect_to(to.host, to.port, to.timeout_ms, stop));
  dicom::ul::tune(socket);
  dicom::ul::Channel channel(std::move(socket), to.tls, to.tls_name);
  return std::unique_ptr<HttpConnection>(new HttpConnection(to, std::move(channel), stop));
}

Status HttpConnection::send(ByteView bytes) {
  return channel_.write_all(bytes, to_.timeout_ms, stop_);
}

Result<ClientAnswer> HttpConnection::exchange(const ClientRequest& request, ByteSource& body) {
  reusable_ = false;
  http::request<http::empty_body> head;
  head.version(11);
  head.method_string(request.method);
  head.target(request.target);
  head.set(http::field::host, host_field(to_));
  for (const auto& [name, value] : request.headers) head.set(name, value);
  if (request.body_bytes) {
    head.content_length(*request.body_bytes);
  } else {
    head.chunked(true);
  }
  std::ostringstream text;
  text << head.base();
  MEDARC_TRY(send(text.str()));
  const Status sent = send_body(request, body);
  // A server that will not have it says so, and may close before it has read all.
  if (sent.has_error() && sent.error().code != Code::cancelled) return sent.error();
  auto answer = read_answer();
  if (sent.has_error()) {
    reusable_ = false;
    if (answer.has_error()) return sent.error();
  }
  return answer;
}

Status HttpConnection::send_body(const ClientRequest& request, ByteSource& body) {
  const bool chunked = !request.body_bytes.has_value();
  Bytes piece(kPieceBytes, '\0');
  uint64_t left = request.body_bytes.value_or(UINT64_MAX);
  for (;;) {
    MEDARC_ASSIGN(const size_t n, body.read(piece.data(), piece.size()));
    if (n > left || (n == 0 && !chunked && left > 0)) {
      return make_error(Code::internal, "a body of another length than was said");
    }
    if (n == 0) break;
    if (!chunked) left -= n;
    if (chunked) MEDARC_TRY(send(chunk_head(n)));
    MEDARC_TRY(send(ByteView(piece).substr(0, n)));
    if (chunked) MEDARC_TRY(send("\r\n"));
  }
  return chunked ? send("0\r\n\r\n") : Status();
}

Result<ClientAnswer> HttpConnection::read_answer() {
  const auto until = Clock::now() + std::chrono::milliseconds(to_.answer_timeout_ms);
  Bytes piece(kPieceBytes, '\0');
  for (;;) {  // interim answers (1xx) come before the final one
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.header_limit(kHeadBytesMax);
    parser.body_limit(kBodyBytesMax);
    while (!parser.is_done()) {
      boost::system::error_code error;
      size_t used = 0;
      if (!unread_.empty()) {
        used = parser.put(boost::asio::buffer(unread_.data(), unread_.size()), error);
        unread_.erase(0, used);
      }
      if (error && error != http::error::need_more) {
        const bool large = error == http::error::body_limit || error == http::error::header_limit;
        return make_error(large ? Code::too_large : Code::invalid_argument,
                          "the server's answer: " + error.message());
      }
      if (parser.is_done()) break;
      if (used > 0 && !unread_.empty()) continue;
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
      const auto read = left <= 0 ? Result<size_t>(make_error(Code::deadline, ""))
                                  : channel_.read_some(piece.data(), piece.size(),
                                                       static_cast<uint32_t>(left), stop_);
      if (read.has_error() && read.error().code == Code::deadline) {
        return make_error(Code::deadline, "no answer in answer_timeout_ms");
      }
      if (read.has_error()) return read.error();
      const size_t n = *read;
      if (n == 0) {
        if (parser.got_some()) parser.put_eof(error);
        if (error || !parser.is_done()) {
          return make_error(Code::cancelled, "the server closed without a whole answer");
        }
        break;
      }
      unread_.append(piece, 0, n);
    }
    auto answer = parser.release();
    if (answer.result_int() / 100 == 1) continue;
    reusable_ = answer.keep_alive() && unread_.empty();
    return ClientAnswer{static_cast<int>(answer.result_int()),
                        std::string(answer[http::field::content_type]), std::move(answer.body())};
  }
}

}  // namespace medarc::web

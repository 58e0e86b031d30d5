#include "web/client/http_client.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>
#include <limits>
#include <sstream>

#include "dicom/ul/socket.h"
#include "security/secret_file.h"
#include "web/text.h"

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

using Parser = http::response_parser<http::buffer_body>;

ClientAnswer head_of(const Parser& parser) {
  const auto& head = parser.get().base();
  ClientAnswer out;
  out.status = static_cast<int>(head.result_int());
  out.content_type = std::string(head[http::field::content_type]);
  for (const auto& field : head) {
    out.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  return out;
}

std::string chunk_head(size_t bytes) {
  std::ostringstream out;
  out << std::hex << bytes << "\r\n";
  return out.str();
}

}  // namespace

std::string_view ClientAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_ignoring_case(key, name)) return value;
  }
  return {};
}

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

Result<ClientAnswer> HttpConnection::exchange(const ClientRequest& request, ByteSource& body,
                                              const BodyTaker& taker) {
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
  const bool ask_first = request.ask_first && request.body_bytes != 0;
  if (ask_first) head.set(http::field::expect, "100-continue");
  std::ostringstream text;
  text << head.base();
  MEDARC_TRY(send(text.str()));
  const bool head_only = request.method == "HEAD";
  if (ask_first) {
    MEDARC_ASSIGN(const bool heard, hears_within(kAskFirstMs));
    if (heard) {
      MEDARC_ASSIGN(auto first, read_answer(head_only, taker, true));
      reusable_ = false;  // until all is sent
      if (first.status != 100) return first;
    }
  }
  const Result<bool> sent = send_body(request, body);
  // A server that will not have it says so, and may close before it has read all.
  if (sent.has_error() && sent.error().code != Code::cancelled) return sent.error();
  auto answer = read_answer(head_only, taker);
  if (sent.has_error() && answer.has_error()) return sent.error();
  if (sent.has_error() || !*sent) reusable_ = false;
  return answer;
}

Result<bool> HttpConnection::hears_within(uint32_t milliseconds) {
  const auto until = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (unread_.empty()) {
    const auto more = read_more(until);
    if (more.has_error() && more.error().code == Code::deadline) return false;
    if (more.has_error()) return more.error();
    if (!*more) return make_error(Code::cancelled, "the server closed without an answer");
  }
  return true;
}

Result<bool> HttpConnection::answered() {
  char piece[4096];
  MEDARC_ASSIGN(const auto moved, channel_.receive(piece, sizeof piece));
  if (moved.bytes == 0 && moved.blocked == dicom::ul::Channel::Blocked::no) {
    return make_error(Code::cancelled, "the server closed before it had all");
  }
  unread_.append(piece, moved.bytes);
  constexpr size_t kStatusAt = std::string_view("HTTP/1.1 ").size();
  return unread_.size() > kStatusAt && unread_[kStatusAt] != '1';
}

Result<bool> HttpConnection::send_body(const ClientRequest& request, ByteSource& body) {
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
    if (left == 0) continue;
    MEDARC_ASSIGN(const bool over, answered());
    if (over) return false;
  }
  if (chunked) MEDARC_TRY(send("0\r\n\r\n"));
  return true;
}

Result<bool> HttpConnection::read_more(Clock::time_point until) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  Bytes piece(kPieceBytes, '\0');
  const auto read = left <= 0 ? Result<size_t>(make_error(Code::deadline, ""))
                              : channel_.read_some(piece.data(), piece.size(),
                                                   static_cast<uint32_t>(left), stop_);
  if (read.has_error() && read.error().code == Code::deadline) {
    return make_error(Code::deadline, "no answer in answer_timeout_ms");
  }
  if (read.has_error()) return read.error();
  unread_.append(piece, 0, *read);
  return *read > 0;
}

Result<ClientAnswer> HttpConnection::read_answer(bool head_only, const BodyTaker& taker,
                                                 bool interim) {
  const auto patience = std::chrono::milliseconds(to_.answer_timeout_ms);
  auto until = Clock::now() + patience;
  Bytes room(kPieceBytes, '\0');
  for (;;) {  // interim answers (1xx) come before the final one
    Parser parser;
    parser.eager(true);
    parser.skip(head_only);
    parser.header_limit(kHeadBytesMax);
    parser.body_limit(taker ? std::numeric_limits<uint64_t>::max() : kBodyBytesMax);
    ClientAnswer answer;
    ByteSink* sink = nullptr;
    while (!parser.is_done()) {
      boost::system::error_code error;
      auto& body = parser.get().body();
      body.data = room.data();
      body.size = room.size();
      body.more = true;
      size_t used = 0;
      if (!unread_.empty()) {
        used = parser.put(boost::asio::buffer(unread_.data(), unread_.size()), error);
        unread_.erase(0, used);
      }
      if (error && error != http::error::need_more && error != http::error::need_buffer) {
        const bool large = error == http::error::body_limit || error == http::error::header_limit;
        return make_error(large ? Code::too_large : Code::invalid_argument,
                          "the server's answer: " + error.message());
      }
      if (parser.is_header_done() && answer.status == 0) {
        answer = head_of(parser);
        if (taker && answer.status / 100 != 1) sink = taker(answer);
      }
      if (const ByteView came(room.data(), room.size() - body.size); !came.empty()) {
        if (sink != nullptr) {
          MEDARC_TRY(sink->write(came));
          until = Clock::now() + patience;
        } else if (came.size() > kBodyBytesMax - answer.body.size()) {
          return make_error(Code::too_large, "the server's answer: body limit exceeded");
        } else {
          answer.body.append(came);
        }
      }
      if (parser.is_done()) break;
      if (used > 0 && !unread_.empty()) continue;
      MEDARC_ASSIGN(const bool more, read_more(until));
      if (more) continue;
      if (parser.got_some()) parser.put_eof(error);
      if (error || !parser.is_done()) {
        return make_error(Code::cancelled, "the server closed without a whole answer");
      }
    }
    if (interim && answer.status == 100) return answer;
    if (answer.status / 100 == 1) continue;
    reusable_ = parser.get().keep_alive() && unread_.empty();
    return answer;
  }
}

}  // namespace medarc::web

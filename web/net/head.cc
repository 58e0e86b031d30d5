#include "web/net/head.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "web/text.h"

namespace medarc::web {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// A chunk-size line (with extensions) or trailers longer than this are an attack.
constexpr size_t kFramingBytesMax = 8 << 10;
constexpr uint32_t kBeastHeaderBytesMax = 1u << 30;  // our own limit comes first

Error bad(std::string_view why) { return make_error(Code::invalid_argument, std::string(why)); }

Status check_request_line(ByteView line) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == ByteView::npos || first == last) return bad("the request line has not three parts");
  const ByteView target = line.substr(first + 1, last - first - 1);
  if (!is_token(line.substr(0, first))) return bad("the method is not a token");
  const bool clean = !target.empty() && std::all_of(target.begin(), target.end(),
                                                    [](char c) { return c > 0x20 && c < 0x7F; });
  if (!clean) return bad("the request target holds blanks or bytes outside ASCII");
  const ByteView version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad("the version is not HTTP/1.x");
  return {};
}

Status check_field_line(ByteView line) {
  if (line.front() == ' ' || line.front() == '\t') return bad("a header is folded");
  const size_t colon = line.find(':');
  if (colon == ByteView::npos) return bad("a header line has no colon");
  if (!is_token(line.substr(0, colon))) return bad("a header name is not a token");
  for (const char c : line.substr(colon + 1)) {
    const auto u = static_cast<unsigned char>(c);
    if ((u < 0x20 && c != '\t') || u == 0x7F) return bad("a header holds a control character");
  }
  return {};
}

// Line ends are CRLF alone: HeadFinder has refused a bare LF, a bare CR is a control character.
Status check_lines(ByteView text) {
  bool first = true;
  while (!text.empty()) {
    const size_t end = text.find("\r\n");
    if (end == ByteView::npos) return bad("a header line has no end");
    const ByteView line = text.substr(0, end);
    text.remove_prefix(end + 2);
    if (first) {
      MEDARC_TRY(check_request_line(line));
      first = false;
    } else if (line.empty()) {
      return text.empty() ? Status() : Status(bad("bytes follow the head"));
    } else {
      MEDARC_TRY(check_field_line(line));
    }
  }
  return bad("the head has no end");
}

// One framing rule (RFC 9112 6.3, stricter): a length or chunks, each said once.
Status read_framing(Head& head) {
  const auto lengths = head.headers.all("Content-Length");
  const auto codings = head.headers.all("Transfer-Encoding");
  if (!codings.empty()) {
    if (!lengths.empty()) return bad("both Content-Length and Transfer-Encoding are given");
    if (codings.size() > 1 || !equal_ignoring_case(codings[0], "chunked")) {
      return bad("the only Transfer-Encoding taken is chunked, once");
    }
    if (head.version == 10) return bad("HTTP/1.0 has no Transfer-Encoding");
    head.chunked = true;
  }
  if (lengths.size() > 1) return bad("Content-Length is given more than once");
  if (lengths.size() == 1) {
    head.content_length = parse_decimal(lengths[0]);
    if (!head.content_length) return bad("Content-Length is no decimal number");
  }
  const auto hosts = head.headers.all("Host");
  if (hosts.size() > 1) return bad("Host is given more than once");
  if (hosts.empty() && head.version == 11) return bad("Host is missing");
  if (!hosts.empty() && hosts[0].find_first_of("/?#@ ,\\") != std::string_view::npos) {
    return bad("Host is no authority");
  }
  return {};
}

void read_connection(Head& head) {
  head.keep_alive = head.version == 11;
  for (const std::string_view value : head.headers.all("Connection")) {
    for (const std::string_view one : split_list(value, ',')) {
      if (equal_ignoring_case(one, "close")) {
        head.keep_alive = false;
        return;
      }
      if (equal_ignoring_case(one, "keep-alive")) head.keep_alive = true;
    }
  }
}

class Parser : public http::basic_parser<true> {
 public:
  Head head;
  const std::function<Status(ByteView)>* sink = nullptr;
  std::optional<Error> refused;  // what the sink said

 private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, beast::error_code&) override {
    head.method.assign(method.data(), method.size());
    head.target.assign(target.data(), target.size());
    head.version = version;
  }
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_field_impl(http::field, beast::string_view name, beast::string_view value,
                     beast::error_code& error) override {
    if (!is_header_done()) {
      head.headers.add(std::string(name), std::string(value));
      return;
    }
    // Fields after the head are trailers, which nobody here uses.
    trailer_bytes_ += name.size() + value.size();
    if (trailer_bytes_ > kFramingBytesMax) error = http::error::header_limit;
  }
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, beast::error_code&) override {}
  size_t on_body_impl(beast::string_view body, beast::error_code& error) override {
    return give({body.data(), body.size()}, error);
  }
  void on_chunk_header_impl(uint64_t, beast::string_view extensions,
                            beast::error_code& error) override {
    if (extensions.size() > kFramingBytesMax) error = http::error::bad_chunk_extension;
  }
  size_t on_chunk_body_impl(uint64_t, beast::string_view body, beast::error_code& error) override {
    return give({body.data(), body.size()}, error);
  }
  void on_finish_impl(beast::error_code&) override {}

  size_t give(ByteView bytes, beast::error_code& error) {
    if (bytes.empty() || sink == nullptr) return bytes.size();
    if (Status status = (*sink)(bytes); status.has_error()) {
      refused = std::move(status).error();
      error = http::error::body_limit;
    }
    return bytes.size();
  }

  size_t trailer_bytes_ = 0;
};

}  // namespace

struct MessageParser::Impl {
  Parser parser;
};

Result<size_t> HeadFinder::find(ByteView buffer) {
  if (!buffer.empty() && !is_token(buffer.substr(0, 1))) return bad("this is no HTTP request");
  for (size_t at = buffer.find('\n', seen_); at != ByteView::npos; at = buffer.find('\n', at + 1)) {
    if (at == 0 || buffer[at - 1] != '\r') return bad("a line ends without CR");
    if (at >= 3 && buffer[at - 2] == '\n') return at + 1;
  }
  seen_ = buffer.size();
  return size_t{0};
}

MessageParser::MessageParser() : impl_(std::make_unique<Impl>()) {
  impl_->parser.eager(false);
  impl_->parser.body_limit(boost::none);
  impl_->parser.header_limit(kBeastHeaderBytesMax);
}
MessageParser::~MessageParser() = default;
MessageParser::MessageParser(MessageParser&&) noexcept = default;
MessageParser& MessageParser::operator=(MessageParser&&) noexcept = default;

Head& MessageParser::head() { return impl_->parser.head; }
bool MessageParser::body_done() const { return impl_->parser.is_done(); }

Status MessageParser::parse_head(ByteView text) {
  MEDARC_TRY(check_lines(text));
  Parser& parser = impl_->parser;
  beast::error_code error;
  const size_t used = parser.put(boost::asio::const_buffer(text.data(), text.size()), error);
  if (error || used != text.size() || !parser.is_header_done()) {
    return bad("the head is malformed");
  }
  Head& head = parser.head;
  MEDARC_TRY(read_framing(head));
  // Beast saw the same framing, or one of us is wrong.
  const bool body = head.chunked || head.content_length.value_or(0) > 0;
  if (parser.chunked() != head.chunked || parser.is_done() == body) {
    return bad("the framing is ambiguous");
  }
  read_connection(head);
  head.expect_continue =
      head.version == 11 && equal_ignoring_case(head.headers.find("Expect"), "100-continue");
  parser.eager(true);
  return {};
}

Result<size_t> MessageParser::parse_body(ByteView in, const std::function<Status(ByteView)>& sink) {
  Parser& parser = impl_->parser;
  size_t used = 0;
  parser.sink = &sink;
  while (used < in.size() && !parser.is_done()) {
    beast::error_code error;
    const ByteView rest = in.substr(used);
    const size_t n = parser.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    used += n;
    if (parser.refused) return *parser.refused;
    if (error == http::error::need_more) break;
    if (error) return bad("the chunked body is malformed");
    if (n == 0) break;
  }
  parser.sink = nullptr;
  if (!parser.is_done() && in.size() - used > kFramingBytesMax) {
    return bad("a chunk header or trailer is too long");
  }
  return used;
}

}  // namespace medarc::web

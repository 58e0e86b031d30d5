#include "web/net/exchange.h"

#include <algorithm>
#include <exception>

#include "base/log.h"
#include "base/metrics.h"
#include "web/gzip.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

constexpr size_t kFirstPieceBytes = 32 << 10;  // bodies start small and grow while they flow
constexpr uint64_t kStepBytes = 8 << 20;       // then another exchange has its turn
constexpr uint64_t kIgnoredBodyBytesMax = 64 << 10;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

// Reads and drops a small body nobody asked for, then gives the answer that was ready before, so
// that the connection stays usable.
class Ignore : public BodyHandler {
 public:
  explicit Ignore(Response response) : response_(std::move(response)) {}
  Status body(ByteView) override { return {}; }
  Response finish() override { return std::move(response_); }

 private:
  Response response_;
};

Counter& responses(int status) {
  static Counter* const by_class[] = {
      &counter("medarc_http_responses_total", "HTTP answers.", "status=\"2xx\""),
      &counter("medarc_http_responses_total", "HTTP answers.", "status=\"3xx\""),
      &counter("medarc_http_responses_total", "HTTP answers.", "status=\"4xx\""),
      &counter("medarc_http_responses_total", "HTTP answers.", "status=\"5xx\""),
  };
  return *by_class[std::clamp(status / 100 - 2, 0, 3)];
}

// "0000001a\r\n" for a chunk of 26 bytes: always as long, so that room for it can be kept.
constexpr size_t kChunkHeadBytes = 10;
std::string chunk_head(size_t n) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out(kChunkHeadBytes, '0');
  for (size_t i = kChunkHeadBytes - 2; i-- > 0; n >>= 4) out[i] = kHex[n & 15];
  out[kChunkHeadBytes - 2] = '\r';
  out[kChunkHeadBytes - 1] = '\n';
  return out;
}

}  // namespace

Exchange::Exchange(Shared& shared, Connection& connection, MessageParser parser, ByteView rest,
                   std::string peer)
    : shared_(shared),
      connection_(connection),
      parser_(std::move(parser)),
      peer_(std::move(peer)),
      piece_bytes_(std::min<uint64_t>(kFirstPieceBytes, shared.options.buffer_bytes)),
      in_(rest) {}

Exchange::~Exchange() = default;

std::unique_ptr<Exchange> Exchange::refusal(Shared& shared, Connection& connection, int status,
                                            const Error& error) {
  auto exchange =
      std::make_unique<Exchange>(shared, connection, MessageParser(), ByteView(), std::string());
  exchange->close_ = true;
  exchange->body_unread_ = true;
  exchange->request_id_ = request_id_of({});
  exchange->respond(problem(status, error));
  return exchange;
}

Next Exchange::step() {
  // Third parties throw (and so does operator new); nothing of it may take the process down.
  try {
    switch (phase_) {
      case Phase::begin: return begin();
      case Phase::receive: return receive();
      case Phase::send: return send();
    }
  } catch (const std::exception& e) {
    log(Level::error, "http.exception", {{"what", e.what()}, {"request", request_id_}});
    if (phase_ == Phase::send) return Next::close;
    handler_.reset();
    fail(make_error(Code::internal, "an exception left a route"), false);
    return Next::again;
  }
  return Next::close;
}

Next Exchange::begin() {
  const Head& head = parser_.head();
  body_unread_ = !parser_.body_done();
  close_ = !head.keep_alive;
  request_id_ = request_id_of(head.headers);
  Answer answer = route();
  if (auto* response = std::get_if<Response>(&answer)) {
    const bool upgrade = response->feed != nullptr && !body_unread_ && head.version == 11;
    if (upgrade && !origin_admitted(shared_.options, request_)) {
      *response = problem(make_error(Code::permission_denied, "not for pages of this origin"));
    } else if (upgrade) {
      feed_ = std::move(response->feed);
      return Next::upgrade;
    }
    const bool small = !head.chunked && !head.expect_continue &&
                       head.content_length.value_or(0) <= kIgnoredBodyBytesMax;
    if (body_unread_ && small) {
      handler_ = std::make_unique<Ignore>(std::move(*response));
      body_max_ = kIgnoredBodyBytesMax;
      phase_ = Phase::receive;
      return receive();
    }
    respond(std::move(*response));
    return send();
  }
  handler_ = std::move(std::get<std::unique_ptr<BodyHandler>>(answer));
  if (body_unread_ && head.expect_continue && in_.empty()) {
    const IoResult io = connection_.try_write(kContinue, {});
    if (io.state != IoState::ok || io.bytes != kContinue.size()) return Next::close;
  }
  phase_ = Phase::receive;
  return receive();
}

Answer Exchange::route() {
  Head& head = parser_.head();
  request_.method = head.method;
  request_.headers = std::move(head.headers);
  request_.has_body = body_unread_ || head.content_length.has_value();
  request_.body_bytes = head.content_length.value_or(0);
  auto target = parse_target(head.target);
  if (target.has_error()) return problem(target.error());
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  request_.query_text = std::move(target->query_text);
  request_.base_url = base_url_of(request_.headers, shared_.authority);

  const bool options = request_.method == "OPTIONS";
  if (options && request_.path == "*") {
    return options_answer(shared_.options, request_, "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  }
  Router::Found found = shared_.router.find(request_.method, target->segments);
  const bool preflight = !request_.headers.find("Access-Control-Request-Method").empty();
  if (options && !found.allow.empty() && (found.entry == nullptr || preflight)) {
    Response response = options_answer(shared_.options, request_, found.allow);
    for (const Header& h : found.options.entries()) response.headers.set(h.name, h.value);
    return response;
  }
  // Who asks comes before what is there: strangers learn no routes.
  const bool open = found.entry != nullptr && found.entry->route.open;
  auto principal = shared_.authenticator->http(request_.headers.find("Authorization"), peer_);
  if (principal.has_error() && !open) return problem(principal.error());
  if (principal.has_value()) request_.principal = std::move(*principal);
  if (found.entry == nullptr) {
    if (found.allow.empty()) {
      return problem(make_error(Code::not_found, "there is nothing at this path"));
    }
    Response response =
        problem(405, make_error(Code::unsupported, "this path takes " + found.allow + " only"));
    response.headers.set("Allow", found.allow);
    return response;
  }
  entry_ = found.entry;
  request_.captures = std::move(found.captures);
  body_max_ = entry_->route.body_bytes_max == 0 ? shared_.options.upload_bytes_max
                                                : entry_->route.body_bytes_max;
  if (request_.body_bytes > body_max_) {
    return problem(make_error(
        Code::too_large, "the body is over the limit of " + std::to_string(body_max_) + " bytes"));
  }
  const std::string_view coding = request_.headers.find("Content-Encoding");
  const bool zipped = body_unread_ && !coding.empty() && !equal_ignoring_case(coding, "identity");
  if (zipped && !(shared_.options.request_gzip && equal_ignoring_case(coding, "gzip"))) {
    return problem(make_error(Code::unsupported, "bodies with this Content-Encoding are not taken"),
                   true);
  }
  Answer answer = entry_->route.answer(request_);
  if (zipped) {
    if (auto* handler = std::get_if<std::unique_ptr<BodyHandler>>(&answer)) {
      *handler = gunzip(std::move(*handler), body_max_);
    }
  }
  return answer;
}

Status Exchange::consume() {
  const std::function<Status(ByteView)> sink = [this](ByteView bytes) -> Status {
    if (bytes.size() > body_max_ - received_) {
      return make_error(Code::too_large,
                        "the body is over the limit of " + std::to_string(body_max_) + " bytes");
    }
    received_ += bytes.size();
    return handler_->body(bytes);
  };
  MEDARC_ASSIGN(const size_t used, parser_.parse_body(in_.view(), sink));
  in_.drop_front(used);
  return {};
}

Next Exchange::receive() {
  const uint64_t turn_ends = received_ + kStepBytes;
  for (;;) {
    if (!parser_.body_done() && !in_.empty()) {
      if (Status status = consume(); status.has_error()) {
        // The handler's destructor drops what was staged.
        handler_.reset();
        fail(status.error(), true);
        return send();
      }
    }
    if (parser_.body_done()) {
      body_unread_ = false;
      Response response = handler_->finish();
      handler_.reset();
      respond(std::move(response));
      return send();
    }
    if (received_ >= turn_ends) return Next::again;
    const IoResult io = connection_.try_read(in_.room(piece_bytes_), piece_bytes_);
    if (io.state == IoState::closed) return Next::close;
    if (io.state == IoState::blocked) {
      in_.shrink();  // a silent peer holds no buffer
      return Next::readable;
    }
    in_.added(io.bytes);
    if (io.bytes == piece_bytes_) {
      piece_bytes_ = std::min<uint64_t>(piece_bytes_ * 2, shared_.options.buffer_bytes);
    }
  }
}

void Exchange::fail(const Error& error, bool in_body) {
  close_ = true;
  respond(problem(error, in_body));
}

bool Exchange::load(Response response) {
  answer_ = prepare(shared_.options, request_, request_id_, std::move(response));
  piece_bytes_ = std::min<uint64_t>(kFirstPieceBytes, shared_.options.buffer_bytes);
  source_ended_ = answer_.bodiless || answer_.source == nullptr;
  to_send_ = answer_.bodiless ? 0 : answer_.body_bytes.value_or(0);
  chunked_ = false;
  out_.clear();
  if (!answer_.bodiless) out_.append(answer_.body);
  if (source_ended_) return true;
  if (!fill()) return false;
  // A body of unknown length that fits the first piece gets a length after all.
  if (source_ended_ && !answer_.body_bytes) answer_.body_bytes = out_.size();
  return true;
}

void Exchange::respond(Response response) {
  phase_ = Phase::send;
  if (body_unread_ || shared_.stopping) close_ = true;
  if (!load(std::move(response))) {
    load(problem(source_error_));
  }
  const int version = parser_.head().version;
  std::string& head = answer_.head;
  const bool framed = answer_.status != 204 && answer_.status != 304;
  if (framed && answer_.body_bytes) {
    head += "Content-Length: " + std::to_string(*answer_.body_bytes) + "\r\n";
  } else if (framed && !answer_.bodiless) {
    if (version == 11) {
      chunked_ = true;
      head += "Transfer-Encoding: chunked\r\n";
    } else {
      close_ = true;  // the end of the connection is the end of the body
    }
  }
  if (close_) {
    head += "Connection: close\r\n";
  } else if (version == 10) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  if (chunked_) head += chunk_head(out_.size());  // fill() ran before chunks were chosen
  head_.append(head);
  if (chunked_) out_.append("\r\n");
}

bool Exchange::fill() {
  const size_t before = chunked_ ? kChunkHeadBytes : 0;
  // Room for the chunk's head, its end and the last chunk.
  char* const begin = out_.room(before + piece_bytes_ + 16);
  const bool known = answer_.body_bytes.has_value();
  size_t n = 0;
  while (n < piece_bytes_ && !source_ended_ && !(known && n >= to_send_)) {
    auto got = answer_.source->read(begin + before + n, piece_bytes_ - n);
    if (got.has_error()) {
      log(Level::error, "http.source_failed",
          {{"code", to_string(got.error().code)},
           {"text", got.error().text},
           {"request", request_id_}});
      source_error_ = got.error();
      return false;
    }
    source_ended_ = *got == 0;
    n += *got;
  }
  if (known) {
    // The head promises a length; neither more nor less may follow.
    if (n > to_send_ || (source_ended_ && n < to_send_)) {
      log(Level::error, "http.length_lie", {{"request", request_id_}});
      source_error_ = make_error(Code::internal, "a source has not the length it promised");
      return false;
    }
    to_send_ -= n;
    if (to_send_ == 0) source_ended_ = true;
  }
  if (source_ended_) answer_.source.reset();
  if (n == 0) return true;
  if (chunked_) {
    chunk_head(n).copy(begin, before);
    std::memcpy(begin + before + n, "\r\n", 2);
    n += 2;
  }
  out_.added(before + n);
  return true;
}

Next Exchange::send() {
  uint64_t moved = 0;
  for (;;) {
    if (chunked_ && source_ended_ && !last_chunk_) {
      out_.append("0\r\n\r\n");
      last_chunk_ = true;
    }
    while (!head_.empty() || !out_.empty()) {
      const IoResult io = connection_.try_write(head_.view(), out_.view());
      if (io.state == IoState::closed) return Next::close;
      if (io.state == IoState::blocked) return Next::writable;
      const size_t of_head = std::min(io.bytes, head_.size());
      head_.drop_front(of_head);
      out_.drop_front(io.bytes - of_head);
      moved += io.bytes;
    }
    if (source_ended_) return finished();
    if (moved >= kStepBytes) return Next::again;
    piece_bytes_ = std::min<uint64_t>(piece_bytes_ * 2, shared_.options.buffer_bytes);
    // Too late for another status: closing without the end tells the peer.
    if (!fill()) return Next::close;
  }
}

Next Exchange::finished() {
  responses(answer_.status).add();
  if (entry_ != nullptr) {
    entry_->took->observe_us(std::chrono::duration_cast<std::chrono::microseconds>(
                                 std::chrono::steady_clock::now() - started_)
                                 .count());
  }
  if (!close_) return Next::keep;
  return body_unread_ ? Next::linger : Next::close;
}

}  // namespace medarc::web

#include "web/net/session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/metrics.h"
#include "web/net/websocket.h"

// g++ 12.2 destroys arguments of an awaited call twice when they are made inside it: name them
// first.

// It also takes the coroutine frame's own operator delete for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace medarc::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

constexpr size_t kReadBytes = 4096;             // while a head arrives
constexpr uint64_t kLingerBytesMax = 16 << 20;  // read and dropped after an early answer
constexpr milliseconds kLingerTime{2000};
constexpr milliseconds kRetryTime{5};  // when the pool is full amid a request

IoResult result_of(ssize_t n) {
  if (n > 0) return {IoState::ok, static_cast<size_t>(n)};
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    return {IoState::blocked, 0};
  }
  return {IoState::closed, 0};
}

}  // namespace

TcpConnection::TcpConnection(tcp::socket socket) : socket_(std::move(socket)) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
}

IoResult TcpConnection::try_read(char* out, size_t capacity) {
  return result_of(::recv(socket_.native_handle(), out, capacity, MSG_DONTWAIT));
}

IoResult TcpConnection::try_write(ByteView first, ByteView second) {
  iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                    {const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = first.empty() ? parts + 1 : parts;
  message.msg_iovlen = first.empty() || second.empty() ? 1 : 2;
  return result_of(::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

Session::Session(Shared& shared, ThreadPool& pool, tcp::socket socket)
    : shared_(shared), pool_(pool), connection_(std::move(socket)) {
  boost::system::error_code ignored;
  peer_ = connection_.socket().remote_endpoint(ignored).address().to_string();
}

void Session::check_deadline(Clock::time_point now) {
  // While a worker has the socket the deadline is max(), so this never touches it then.
  if (now < deadline_) return;
  deadline_ = Clock::time_point::max();
  boost::system::error_code ignored;
  connection_.socket().cancel(ignored);
}

void Session::end(bool idle_only) {
  if (end_websocket_) {  // it has no end of its own to wait for
    ended_ = true;
    return end_websocket_();
  }
  if (idle_only && !idle_) return;
  ended_ = true;
  if (deadline_ == Clock::time_point::max()) return;  // seen when the worker's step is done
  deadline_ = Clock::time_point::max();
  boost::system::error_code ignored;
  connection_.socket().cancel(ignored);
}

asio::awaitable<Session::Waited> Session::wait(tcp::socket::wait_type what,
                                               Clock::time_point until) {
  if (ended_) co_return Waited::timeout;
  deadline_ = until;
  boost::system::error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await connection_.socket().async_wait(what, token);
  deadline_ = Clock::time_point::max();
  co_return error ? Waited::timeout : Waited::ready;
}

std::unique_ptr<Exchange> Session::refuse(int status, Code code, std::string text) {
  return Exchange::refusal(shared_, connection_, status, make_error(code, std::move(text)));
}

// The next request, or null when the connection is over.
asio::awaitable<std::unique_ptr<Exchange>> Session::read_request() {
  const ServerOptions& options = shared_.options;
  HeadFinder finder;
  // RFC 9112 2.2: an empty line before a request is ignored.
  const auto skip_empty_line = [this] {
    if (in_.view().starts_with("\r\n")) in_.drop_front(2);
  };
  Clock::time_point until = Clock::now() + milliseconds(options.idle_timeout_ms);
  idle_ = in_.empty();
  bool begun = false;
  for (;;) {
    skip_empty_line();
    if (!in_.empty()) {
      if (!begun) {
        begun = true;
        idle_ = false;
        until = Clock::now() + milliseconds(options.header_timeout_ms);
      }
      auto length = finder.find(in_.view());
      if (length.has_error()) {
        co_return refuse(400, Code::invalid_argument, length.error().text);
      }
      const size_t head_bytes = *length == 0 ? in_.size() : *length;
      if (head_bytes > options.header_bytes_max) {
        co_return refuse(431, Code::too_large,
                         "the request head is over the limit of " +
                             std::to_string(options.header_bytes_max) + " bytes");
      }
      if (*length > 0) {
        MessageParser parser;
        Status status = parser.parse_head(in_.view().substr(0, *length));
        if (status.has_error()) co_return refuse(400, Code::invalid_argument, status.error().text);
        in_.drop_front(*length);
        auto exchange =
            std::make_unique<Exchange>(shared_, connection_, std::move(parser), in_.view(), peer_);
        in_.clear();
        in_.shrink();
        co_return exchange;
      }
    }
    const Waited waited = co_await wait(tcp::socket::wait_read, until);
    if (waited == Waited::timeout) {
      if (!begun || ended_) co_return nullptr;
      co_return refuse(408, Code::cancelled, "the request head took too long");
    }
    const IoResult io = connection_.try_read(in_.room(kReadBytes), kReadBytes);
    if (io.state == IoState::closed) co_return nullptr;
    in_.added(io.bytes);
  }
}

// One step on a worker; nullopt when the queue is full.
asio::awaitable<std::optional<Next>> Session::on_pool(Exchange& exchange) {
  bool posted = true;
  const auto start = [&](auto handler) {
    auto executor = asio::get_associated_executor(handler);
    auto shared_handler = std::make_shared<decltype(handler)>(std::move(handler));
    auto job = [&exchange, shared_handler, executor] {
      const Next next = exchange.step();
      asio::post(executor, [shared_handler, next] { std::move (*shared_handler)(next); });
    };
    if (!pool_.try_post(job)) {
      posted = false;
      asio::post(executor, [shared_handler] { std::move (*shared_handler)(Next::again); });
    }
  };
  const Next next = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Next)>(
      start, asio::use_awaitable);
  if (!posted) co_return std::nullopt;
  co_return next;
}

// A request that finds the pool full at its start is refused by the caller; one under way waits for
// its turn here, where waiting costs no thread.
asio::awaitable<std::optional<Next>> Session::run_exchange(Exchange& exchange) {
  const ServerOptions& options = shared_.options;
  const Clock::time_point started = Clock::now();
  bool first = true;
  for (;;) {
    const std::optional<Next> next = co_await on_pool(exchange);
    if (!next && first) co_return std::nullopt;
    first = false;
    if (ended_) co_return Next::close;
    if (!next) {
      const auto executor = co_await asio::this_coro::executor;
      asio::steady_timer timer(executor, kRetryTime);
      boost::system::error_code ignored;
      auto token = asio::redirect_error(asio::use_awaitable, ignored);
      co_await timer.async_wait(token);
    } else if (next == Next::again) {
      continue;
    } else if (next == Next::readable) {
      Clock::time_point until = Clock::now() + milliseconds(options.body_idle_timeout_ms);
      if (options.body_bytes_per_second_min > 0) {
        // A body may trickle for a while, not for ever: silence is not the only way to stall.
        const uint64_t earned_ms =
            exchange.received_bytes() * 1000 / options.body_bytes_per_second_min;
        until = std::min(until, started + milliseconds(options.body_idle_timeout_ms) +
                                    milliseconds(std::min<uint64_t>(earned_ms, 1ull << 40)));
      }
      const Waited waited = co_await wait(tcp::socket::wait_read, until);
      if (waited == Waited::timeout) co_return Next::close;
    } else if (next == Next::writable) {
      const Clock::time_point until = Clock::now() + milliseconds(options.write_timeout_ms);
      const Waited waited = co_await wait(tcp::socket::wait_write, until);
      if (waited == Waited::timeout) co_return Next::close;
    } else {
      co_return next;
    }
  }
}

// Closing while the peer still sends would reset the connection under its eyes, and it would never
// read why.
asio::awaitable<void> Session::linger() {
  boost::system::error_code ignored;
  connection_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  const Clock::time_point until = Clock::now() + kLingerTime;
  std::array<char, kReadBytes> drop;
  uint64_t dropped = 0;
  while (dropped < kLingerBytesMax) {
    const IoResult io = connection_.try_read(drop.data(), drop.size());
    if (io.state == IoState::closed) co_return;
    dropped += io.bytes;
    if (io.state == IoState::ok) continue;
    const Waited waited = co_await wait(tcp::socket::wait_read, until);
    if (waited == Waited::timeout) co_return;
  }
}

asio::awaitable<void> Session::run_websocket(const Exchange& exchange) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer over(executor, Clock::time_point::max());
  bool done = false;
  WebSocketOptions options;
  options.idle_timeout_ms = shared_.options.idle_timeout_ms;
  options.handshake_timeout_ms = shared_.options.header_timeout_ms;
  end_websocket_ = serve_websocket(std::move(connection_.socket()), exchange.request(),
                                   exchange.feed(), options, [&] {
                                     done = true;
                                     over.cancel();
                                   });
  if (ended_) end_websocket_();
  boost::system::error_code ignored;
  auto token = asio::redirect_error(asio::use_awaitable, ignored);
  while (!done) co_await over.async_wait(token);
  end_websocket_ = nullptr;
}

asio::awaitable<void> Session::run() {
  static Counter& full =
      counter("medarc_http_refused_total", "Requests refused with a full queue.");
  for (;;) {
    std::unique_ptr<Exchange> exchange = co_await read_request();
    if (!exchange) co_return;
    std::optional<Next> next = co_await run_exchange(*exchange);
    if (!next) {
      full.add();
      // Small and fixed, so an io thread may write it.
      exchange = refuse(503, Code::unavailable, "the server is busy; try again");
      next = exchange->step();
    }
    if (next == Next::upgrade) {
      co_await run_websocket(*exchange);
      co_return;
    }
    if (next == Next::linger) co_await linger();
    if (next != Next::keep) co_return;
    in_.append(exchange->rest());
    exchange.reset();
    if (shared_.stopping) co_return;
  }
}

}  // namespace medarc::web

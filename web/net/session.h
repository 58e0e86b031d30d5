// One connection's life on an io thread: wait for a request, hand it to the worker pool step by
// step, wait for the peer where a step asks to, mind the deadlines.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/thread_pool.h"
#include "web/net/exchange.h"

namespace medarc::web {

// The TCP form of Connection; the socket is non-blocking.
class TcpConnection : public Connection {
 public:
  explicit TcpConnection(boost::asio::ip::tcp::socket socket);
  IoResult try_read(char* out, size_t capacity) override;
  IoResult try_write(ByteView first, ByteView second) override;
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  boost::asio::ip::tcp::socket socket_;
};

class Session {
 public:
  using Clock = std::chrono::steady_clock;
  Session(Shared& shared, ThreadPool& pool, boost::asio::ip::tcp::socket socket);
  boost::asio::awaitable<void> run();

  // On the session's own io thread, by the sweeper: gives up waiting when the deadline has passed.
  void check_deadline(Clock::time_point now);
  // On the session's own io thread. `idle_only`: spares one that is at work on a request.
  void end(bool idle_only);

 private:
  enum class Waited { ready, timeout };
  boost::asio::awaitable<Waited> wait(boost::asio::ip::tcp::socket::wait_type what,
                                      Clock::time_point until);
  boost::asio::awaitable<std::unique_ptr<Exchange>> read_request();
  // Nullopt: the pool was full before the first step.
  boost::asio::awaitable<std::optional<Next>> run_exchange(Exchange& exchange);
  boost::asio::awaitable<std::optional<Next>> on_pool(Exchange& exchange);
  boost::asio::awaitable<void> linger();
  boost::asio::awaitable<void> run_websocket(const Exchange& exchange);
  std::unique_ptr<Exchange> refuse(int status, Code code, std::string text);

  Shared& shared_;
  ThreadPool& pool_;
  TcpConnection connection_;
  std::string peer_;
  Piece in_;                                               // bytes of the next request
  Clock::time_point deadline_ = Clock::time_point::max();  // max: not waiting for the peer
  bool idle_ = true, ended_ = false;
  std::function<void()> end_websocket_;  // set while the connection is one
};

}  // namespace medarc::web

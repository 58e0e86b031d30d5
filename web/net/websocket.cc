#include "web/net/websocket.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>

#include "base/metrics.h"

namespace medarc::web {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

constexpr size_t kReasonBytesMax = 123;  // RFC 6455 5.5

Gauge& open_gauge() {
  static Gauge& open = gauge("medarc_http_websockets", "Open WebSocket connections.");
  return open;
}

// Kept alive by its pending operations. Everything happens on the socket's io thread but wake().
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  Socket(asio::ip::tcp::socket socket, std::shared_ptr<MessageFeed> feed,
         const WebSocketOptions& options, std::function<void()> done)
      : stream_(std::move(socket)), feed_(std::move(feed)), done_(std::move(done)) {
    websocket::stream_base::timeout timeout{};
    timeout.handshake_timeout = std::chrono::milliseconds(options.handshake_timeout_ms);
    timeout.idle_timeout = std::chrono::milliseconds(options.idle_timeout_ms);
    timeout.keep_alive_pings = true;
    stream_.set_option(timeout);
    stream_.read_message_max(options.message_bytes_max);
    open_gauge().add(1);
  }
  ~Socket() { open_gauge().add(-1); }

  void start(const Request& request) {
    for (const Header& h : request.headers.entries()) request_.insert(h.name, h.value);
    request_.method(beast::http::verb::get);
    request_.target(request.path);
    request_.version(11);
    stream_.async_accept(request_, [self = shared_from_this()](error_code error) {
      if (error || self->finished_) return self->finish();
      self->open_ = true;
      // Wakes come from any thread and may outlive us.
      const auto executor = self->stream_.get_executor();
      self->feed_->on_change([weak = self->weak_from_this(), executor] {
        asio::post(executor, [weak] {
          if (const auto still = weak.lock()) still->pump();
        });
      });
      self->read();
      if (self->ending_) return self->say_goodbye();
      self->pump();
    });
  }

  // Politely at first; asked again, whatever the peer does.
  void end() {
    if (std::exchange(ending_, true) || closing_) return finish();
    // Closing in the middle of the handshake is more than the stream bears: it is over soon.
    if (open_) say_goodbye();
  }

 private:
  void say_goodbye() { close(websocket::close_code::going_away, "the server stops"); }

  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->finish();
      self->buffer_.clear();
      self->read();
    });
  }

  void pump() {
    if (writing_ || closing_ || finished_) return;
    if (auto text = feed_->next()) {
      writing_ = true;
      out_ = std::move(*text);
      stream_.text(true);
      stream_.async_write(asio::buffer(out_),
                          [self = shared_from_this()](error_code error, size_t) {
                            self->writing_ = false;
                            if (error) return self->finish();
                            self->pump();
                          });
      return;
    }
    if (const auto reason = feed_->over()) close(websocket::close_code::policy_error, *reason);
  }

  void close(websocket::close_code code, const std::string& reason) {
    if (closing_ || finished_) return;
    closing_ = true;
    const websocket::close_reason why(code, reason.substr(0, kReasonBytesMax));
    stream_.async_close(why, [self = shared_from_this()](error_code) { self->finish(); });
  }

  void finish() {
    if (finished_) return;
    finished_ = true;
    feed_->on_change({});
    error_code ignored;
    beast::get_lowest_layer(stream_).close(ignored);
    std::exchange(done_, {})();
  }

  websocket::stream<asio::ip::tcp::socket> stream_;
  const std::shared_ptr<MessageFeed> feed_;
  std::function<void()> done_;
  beast::http::request<beast::http::empty_body> request_;
  beast::flat_buffer buffer_;
  std::string out_;  // being written
  bool open_ = false, writing_ = false, closing_ = false, finished_ = false;
  bool ending_ = false;  // asked to, once
};

}  // namespace

std::function<void()> serve_websocket(asio::ip::tcp::socket socket, const Request& request,
                                      std::shared_ptr<MessageFeed> feed,
                                      const WebSocketOptions& options, std::function<void()> done) {
  const auto made =
      std::make_shared<Socket>(std::move(socket), std::move(feed), options, std::move(done));
  made->start(request);
  return [weak = std::weak_ptr<Socket>(made)] {
    if (const auto still = weak.lock()) still->end();
  };
}

}  // namespace medarc::web

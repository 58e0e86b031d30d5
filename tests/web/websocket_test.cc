// A connection as a WebSocket, without the server around it.
#include "web/net/websocket.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>

namespace medarc::web {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Silent : public MessageFeed {
 public:
  std::optional<std::string> next() override { return std::nullopt; }
  std::optional<std::string> over() const override { return std::nullopt; }
  void on_change(std::function<void()>) override {}
};

class WebSocket : public ::testing::Test {
 protected:
  void SetUp() override {
    tcp::acceptor acceptor(io_, {asio::ip::address_v4::loopback(), 0});
    client_.connect(acceptor.local_endpoint());
    tcp::socket served = acceptor.accept();
    Request request;
    request.method = "GET";
    request.path = "/";
    request.headers.add("Host", "localhost");
    request.headers.add("Upgrade", "websocket");
    request.headers.add("Connection", "Upgrade");
    request.headers.add("Sec-WebSocket-Version", "13");
    request.headers.add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    end_ = serve_websocket(std::move(served), request, std::make_shared<Silent>(), {},
                           [this] { done_ = true; });
  }
  // What the peer of an ended connection gets.
  std::string received() {
    std::string out;
    boost::system::error_code end;
    asio::read(client_, asio::dynamic_buffer(out), end);
    return out;
  }

  asio::io_context io_;
  tcp::socket client_{io_};
  std::function<void()> end_;
  bool done_ = false;
};

TEST_F(WebSocket, EndedInItsHandshakeItSaysGoodbyeWhenThatIsOver) {
  end_();
  io_.run_for(std::chrono::milliseconds(200));
  EXPECT_FALSE(done_);  // the peer may answer
  end_();
  io_.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(done_);
  const std::string all = received();
  EXPECT_EQ(all.substr(0, 12), "HTTP/1.1 101");
  EXPECT_NE(all.find("\r\n\r\n\x88"), std::string::npos);  // a close frame follows
}

TEST_F(WebSocket, EndedTwiceInItsHandshakeItIsOverAtOnce) {
  end_();
  end_();
  EXPECT_TRUE(done_);
  io_.run_for(std::chrono::seconds(5));
  EXPECT_EQ(received().find('\x88'), std::string::npos);
}

}  // namespace
}  // namespace medarc::web

// A connection that has become a WebSocket (RFC 6455): sends what a feed has, answers pings, asks a
// silent peer whether it is still there, closes with the feed's reason. Beast speaks the protocol.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>

#include "web/http.h"

namespace medarc::web {

struct WebSocketOptions {
  uint32_t handshake_timeout_ms = 10'000;
  uint32_t idle_timeout_ms = 60'000;  // a ping at half of it; without an answer it is over
  uint32_t message_bytes_max = 4096;  // of what the peer sends; nothing is expected of it
};

// On the socket's io thread, as is every call of `done`, which comes once. Answers how to end it
// early (going away; a second time: at once), for the same thread, until `done` has come.
std::function<void()> serve_websocket(boost::asio::ip::tcp::socket socket, const Request& request,
                                      std::shared_ptr<MessageFeed> feed,
                                      const WebSocketOptions& options, std::function<void()> done);

}  // namespace medarc::web

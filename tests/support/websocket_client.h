// A tiny blocking WebSocket client (RFC 6455) on the raw HTTP client, for tests: it frames by hand,
// so that a mistake of the server's library cannot hide in it.
#pragma once

#include <optional>
#include <string>

#include "tests/support/http_client.h"

namespace medarc::test {

struct WebSocketFrame {
  int opcode = 0;  // 1 text, 8 close, 9 ping, 10 pong
  std::string payload;
  int close_code = 0;        // of a close
  std::string close_reason;  // likewise
};

class WebSocketClient {
 public:
  // Asks for the upgrade; see answer(). `headers` replace or add to those of RFC 6455.
  WebSocketClient(uint16_t port, const std::string& target, HttpClient::Headers headers = {});
  const HttpAnswer& answer() const { return answer_; }
  bool open() const { return answer_.status == 101; }

  std::optional<WebSocketFrame> next(int timeout_ms = 20'000);  // nullopt: closed, or nothing came
  // The next text; pings are answered on the way.
  std::optional<std::string> text(int timeout_ms = 20'000);
  bool send(int opcode, const std::string& payload);  // masked, as a client must
  bool quiet(int timeout_ms);                         // nothing comes for that long
  bool at_end(int timeout_ms = 20'000);               // the server has closed

 private:
  bool wait(int timeout_ms);
  bool fill(size_t bytes, int timeout_ms);
  HttpClient client_;
  HttpAnswer answer_;
  std::string in_;
};

}  // namespace medarc::test

#include "tests/support/websocket_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>

namespace medarc::test {

// The head is read byte by byte: frames may follow in the same packet.
WebSocketClient::WebSocketClient(uint16_t port, const std::string& target,
                                 HttpClient::Headers headers)
    : client_(port, 20'000) {
  HttpClient::Headers all{{"Host", "127.0.0.1"},
                          {"Upgrade", "websocket"},
                          {"Connection", "Upgrade"},
                          {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                          {"Sec-WebSocket-Version", "13"}};
  for (const auto& header : headers) {
    std::erase_if(all, [&](const auto& h) { return h.first == header.first; });
    if (!header.second.empty()) all.push_back(header);
  }
  std::string head = "GET " + target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : all) head += name + ": " + value + "\r\n";
  client_.send(head + "\r\n");
  std::string text;
  char c = 0;
  while (text.find("\r\n\r\n") == std::string::npos && wait(20'000) &&
         ::recv(client_.descriptor(), &c, 1, 0) == 1) {
    text += c;
  }
  if (text.size() > 12) answer_.status = std::atoi(text.substr(9, 3).c_str());
  for (size_t at = text.find("\r\n"); at != std::string::npos && at + 2 < text.size();) {
    const size_t end = text.find("\r\n", at + 2);
    const std::string line = text.substr(at + 2, end - at - 2);
    if (const size_t colon = line.find(": "); colon != std::string::npos) {
      answer_.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    at = end;
  }
}

bool WebSocketClient::wait(int timeout_ms) {
  pollfd ready{client_.descriptor(), POLLIN, 0};
  return ::poll(&ready, 1, timeout_ms) > 0;
}

bool WebSocketClient::fill(size_t bytes, int timeout_ms) {
  char buffer[65536];
  while (in_.size() < bytes) {
    if (!wait(timeout_ms)) return false;
    const ssize_t n = ::recv(client_.descriptor(), buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    in_.append(buffer, static_cast<size_t>(n));
  }
  return true;
}

std::optional<WebSocketFrame> WebSocketClient::next(int timeout_ms) {
  if (!fill(2, timeout_ms)) return std::nullopt;
  size_t head = 2, length = static_cast<uint8_t>(in_[1]) & 0x7F;
  if (length >= 126) {
    const size_t size = length == 126 ? 2 : 8;
    if (!fill(2 + size, timeout_ms)) return std::nullopt;
    length = 0;
    for (size_t i = 0; i < size; ++i) length = length << 8 | static_cast<uint8_t>(in_[2 + i]);
    head += size;
  }
  if (!fill(head + length, timeout_ms)) return std::nullopt;
  WebSocketFrame out;
  out.opcode = in_[0] & 0x0F;
  out.payload = in_.substr(head, length);
  in_.erase(0, head + length);
  if (out.opcode == 8 && out.payload.size() >= 2) {
    out.close_code =
        static_cast<uint8_t>(out.payload[0]) << 8 | static_cast<uint8_t>(out.payload[1]);
    out.close_reason = out.payload.substr(2);
  }
  return out;
}

std::optional<std::string> WebSocketClient::text(int timeout_ms) {
  for (;;) {
    auto frame = next(timeout_ms);
    if (!frame || frame->opcode == 8) return std::nullopt;
    if (frame->opcode == 9) send(10, frame->payload);
    if (frame->opcode == 1) return std::move(frame->payload);
  }
}

bool WebSocketClient::send(int opcode, const std::string& payload) {
  std::string frame(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size());
  }
  const char mask[4] = {1, 2, 3, 4};
  frame.append(mask, 4);
  for (size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(payload[i] ^ mask[i % 4]);
  return client_.send(frame);
}

bool WebSocketClient::quiet(int timeout_ms) { return in_.empty() && !wait(timeout_ms); }

bool WebSocketClient::at_end(int timeout_ms) {
  char c = 0;
  while (wait(timeout_ms)) {
    if (::recv(client_.descriptor(), &c, 1, 0) <= 0) return true;
  }
  return false;
}

}  // namespace medarc::test

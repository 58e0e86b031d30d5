#include "tools/address.h"

#include <arpa/inet.h>

#include <charconv>

namespace medarc::tools {

Result<Address> parse_address(std::string_view text) {
  const Error bad = make_error(Code::invalid_argument,
                               "an address is written HOST:PORT, for example 127.0.0.1:8042");
  Address out;
  std::string_view port = text;
  if (const size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
      host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
      return bad;  // a bare IPv6 address: which colon starts the port?
    }
    out.host = host;
  }
  if (out.host.empty()) out.host = "127.0.0.1";
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number > 65535) return bad;
  out.port = static_cast<uint16_t>(number);
  return out;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string to_text(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace medarc::tools

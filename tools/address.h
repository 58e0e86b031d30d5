// "ADDR:PORT" as the command line and the configuration take it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace medarc::tools {

struct Address {
  std::string host;
  uint16_t port = 0;
};

// "127.0.0.1:8042", "[::1]:8042", ":8042" and "8042" (both 127.0.0.1), "localhost:0".
// invalid_argument otherwise.
Result<Address> parse_address(std::string_view text);

// 127.0.0.0/8, ::1 and "localhost": nobody outside this machine can reach it.
bool is_loopback(std::string_view host);

// "127.0.0.1:8042", "[::1]:8042".
std::string to_text(const Address& address);

}  // namespace medarc::tools

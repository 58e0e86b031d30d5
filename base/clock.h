// Wall time as Medarc stores it: microseconds since 1970-01-01T00:00:00Z. Tests set their own.
#pragma once

#include <cstdint>
#include <string>

namespace medarc {

struct Timestamp {
  int64_t us = 0;
  auto operator<=>(const Timestamp&) const = default;
};

Timestamp now();
std::string to_rfc3339(Timestamp t);       // "2026-01-31T08:15:30.123456Z"
std::string to_http_date(Timestamp t);     // "Sat, 31 Jan 2026 08:15:30 GMT" (RFC 9110 5.6.7)

}  // namespace medarc

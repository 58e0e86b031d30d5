#include "base/clock.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>

namespace medarc {
namespace {

std::tm utc(Timestamp t) {
  std::time_t s = t.us / 1000000 - (t.us % 1000000 < 0 ? 1 : 0);
  std::tm out{};
  gmtime_r(&s, &out);
  return out;
}

}  // namespace

Timestamp now() {
  using namespace std::chrono;
  return {duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
}

std::string to_rfc3339(Timestamp t) {
  const std::tm v = utc(t);
  const int64_t us = (t.us % 1000000 + 1000000) % 1000000;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", v.tm_year + 1900, v.tm_mon + 1,
                     v.tm_mday, v.tm_hour, v.tm_min, v.tm_sec, us);
}

std::string to_http_date(Timestamp t) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm v = utc(t);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[v.tm_wday], v.tm_mday,
                     months[v.tm_mon], v.tm_year + 1900, v.tm_hour, v.tm_min, v.tm_sec);
}

}  // namespace medarc

#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

#include "base/clock.h"

namespace medarc {
namespace {

std::atomic<Level> g_level{Level::info};

std::string quoted(std::string_view v) {
  bool plain = !v.empty();
  for (unsigned char c : v) plain = plain && c > ' ' && c != '"' && c != '\\' && c != 0x7F;
  if (plain) return std::string(v);
  std::string out = "\"";
  for (unsigned char c : v) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < ' ' || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + "\"";
}

}  // namespace

void set_log_level(Level level) { g_level = level; }

void log(Level level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  static constexpr const char* names[] = {"debug", "info", "warn", "error"};
  std::string line =
      fmt::format("{} {} {}", to_rfc3339(now()), names[static_cast<int>(level)], event);
  for (const LogField& f : fields) line += fmt::format(" {}={}", f.key, quoted(f.value));
  line += '\n';
  // One write a line keeps lines of parallel threads whole; a full pipe may lose one.
  [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace medarc

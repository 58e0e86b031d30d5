// One line an event on stderr: time, level, event name, then key=value fields. No patient data, no
// tokens, no file names given by a peer: ids (UIDs, digests) and counts only.
//
//   log(Level::warn, "association.refused", {{"peer", address}, {"reason", "limit"}});
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace medarc {

enum class Level { debug, info, warn, error, off };

struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  LogField(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
  std::string key, value;
};

// Thread-safe. Values with blanks, quotes or control characters are quoted and escaped.
void log(Level level, std::string_view event, std::initializer_list<LogField> fields = {});
// Events below `level` are dropped; info unless set. off: none (tests that provoke errors).
void set_log_level(Level level);

}  // namespace medarc

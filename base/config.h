// The configuration file (TOML) and `--set key=value`: one flat map of dotted keys. Each folder
// reads its own section through the typed getters, which also record the key with its default and
// meaning, so that `medarc config` prints every setting and a misspelt key is an error at start.
//
//   config.size("http.body_idle_timeout_ms", 30'000, "Longest silence inside a request body.")
//
// An array of tables (`[[dicom.peer]]`, `[[security.token]]`) is read with tables().
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace medarc {

class Config {
 public:
  using Table = std::map<std::string, std::string>;  // leaf keys as text
  struct Setting {
    std::string key, value, fallback, meaning;
  };

  Config() = default;  // all defaults
  // Errors: not TOML, with line and column.
  static Result<Config> parse(const std::string& toml_text);
  Status set(std::string_view key_equals_value);

  // Each answers the configured value, or `fallback`. A value of the wrong kind or outside
  // [min, max] is remembered and answered by check().
  uint64_t size(std::string_view key, uint64_t fallback, std::string_view meaning,
                uint64_t min = 0, uint64_t max = UINT64_MAX);
  bool flag(std::string_view key, bool fallback, std::string_view meaning);
  std::string text(std::string_view key, std::string_view fallback, std::string_view meaning);
  std::vector<std::string> list(std::string_view key, std::string_view meaning);
  std::vector<Table> tables(std::string_view key, std::string_view meaning);

  // After every folder has read: the first wrong value, or a key nobody asked for.
  Status check() const;
  std::vector<Setting> settings() const;  // all read so far, sorted by key

 private:
  std::map<std::string, std::string> values_;
  std::map<std::string, std::vector<std::string>> lists_;
  std::map<std::string, std::vector<Table>> tables_;
  std::map<std::string, Setting> read_;
  std::vector<std::string> problems_;
};

}  // namespace medarc

#include "tools/verb.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace medarc::tools {

void Common::add_to(CLI::App& verb) {
  verb.add_option("--data", data, "Directory of the archive")->capture_default_str();
  verb.add_option("--config", config_path, "Configuration file (TOML)");
  verb.add_option("--set", set, "A setting, key=value, over the file; repeatable")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_flag("--json", json, "Answer in JSON, one object a line, the result last");
}

Result<Config> Common::config() const {
  Config config;
  if (!config_path.empty()) {
    std::ifstream in(config_path, std::ios::binary);
    if (!in) return make_error(Code::invalid_argument, "cannot read the file given with --config");
    std::stringstream text;
    text << in.rdbuf();
    MEDARC_ASSIGN(config, Config::parse(text.str()));
  }
  for (const std::string& pair : set) MEDARC_TRY(config.set(pair));
  return config;
}

int fail(const Error& error) {
  std::fflush(stdout);
  fmt::print(stderr, "medarc: {}\n", error.text);
  return error.code == Code::invalid_argument ? kExitUsage : kExitFailed;
}

void print_result(const Common& common, const boost::json::object& result) {
  if (common.json) {
    fmt::print("{}\n", boost::json::serialize(result));
  } else {
    for (const auto& [key, value] : result) {
      const std::string text = value.is_string()   ? std::string(value.get_string().c_str())
                               : value.is_double() ? fmt::format("{:.3f}", value.get_double())
                                                   : boost::json::serialize(value);
      fmt::print("{:<18} {}\n", std::string_view(key.data(), key.size()), text);
    }
  }
  std::fflush(stdout);
}

std::string human_bytes(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1000 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace medarc::tools

// medarc config: every setting with its default and meaning, as a file to start from.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <charconv>

#include "tools/settings.h"
#include "tools/verb.h"

namespace medarc::tools {
namespace {

// Numbers and booleans as they are, everything else as a TOML basic string.
std::string toml_value(const std::string& text) {
  if (text == "true" || text == "false") return text;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && error == std::errc() && end == text.data() + text.size()) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

Status show(const Common& common) {
  MEDARC_ASSIGN(Config config, common.config());
  const Result<Settings> settings = Settings::from(config);
  if (settings.has_error()) return settings.error();
  if (common.json) {
    boost::json::object result;
    for (const Config::Setting& s : config.settings()) {
      result[s.key] = {{"value", s.value}, {"default", s.fallback}, {"meaning", s.meaning}};
    }
    print_result(common, result);
    return {};
  }
  std::string section;
  for (const Config::Setting& s : config.settings()) {
    const size_t dot = s.key.find('.');
    const std::string of = s.key.substr(0, dot);
    if (of != section) {
      fmt::print("{}[{}]\n", section.empty() ? "" : "\n", of);
      section = of;
    }
    const std::string key = s.key.substr(dot + 1);
    if (s.fallback == "[]" || (s.fallback == "none" && s.value.ends_with(" tables"))) {
      fmt::print("# {}: {}\n", s.key, s.meaning);
    } else if (s.value == s.fallback) {
      fmt::print("# {}\n# {} = {}\n", s.meaning, key, toml_value(s.fallback));
    } else {
      fmt::print("# {} Default: {}\n{} = {}\n", s.meaning, s.fallback, key, toml_value(s.value));
    }
  }
  return {};
}

}  // namespace

void add_config(CLI::App& app, int& exit_code) {
  auto common = std::make_shared<Common>();
  CLI::App* verb =
      app.add_subcommand("config", "Print every setting with its default and meaning (TOML)");
  common->add_to(*verb);
  verb->callback([common, &exit_code] {
    const Status done = show(*common);
    exit_code = done.has_error() ? fail(done.error()) : kExitDone;
  });
}

}  // namespace medarc::tools

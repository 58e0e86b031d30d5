#include "base/config.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>
#include <toml++/toml.h>

namespace medarc {
namespace {

std::string leaf_text(const toml::node& node) {
  if (auto s = node.value<std::string>()) return *s;
  std::ostringstream out;
  if (auto b = node.as_boolean()) return b->get() ? "true" : "false";
  if (auto i = node.as_integer()) return std::to_string(i->get());
  if (auto f = node.as_floating_point()) out << f->get();
  return out.str();
}

}  // namespace

Result<Config> Config::parse(const std::string& toml_text) {
  Config config;
  try {
    toml::table root = toml::parse(toml_text);
    // Iterative walk: the file is the administrator's, but depth costs nothing to bound.
    std::vector<std::pair<std::string, const toml::table*>> open{{"", &root}};
    while (!open.empty()) {
      auto [prefix, table] = open.back();
      open.pop_back();
      for (auto&& [k, node] : *table) {
        const std::string key = prefix + std::string(k.str());
        if (const auto* t = node.as_table()) {
          open.emplace_back(key + ".", t);
        } else if (const auto* array = node.as_array()) {
          for (auto&& item : *array) {
            if (const auto* entry = item.as_table()) {
              Table row;
              for (auto&& [name, value] : *entry) row[std::string(name.str())] = leaf_text(value);
              config.tables_[key].push_back(std::move(row));
            } else {
              config.lists_[key].push_back(leaf_text(item));
            }
          }
        } else {
          config.values_[key] = leaf_text(node);
        }
      }
    }
  } catch (const toml::parse_error& e) {
    return make_error(Code::invalid_argument,
                      fmt::format("configuration line {}, column {}: {}", e.source().begin.line,
                                  e.source().begin.column, e.description()));
  }
  return config;
}

Status Config::set(std::string_view key_equals_value) {
  const size_t eq = key_equals_value.find('=');
  if (eq == std::string_view::npos || eq == 0) {
    return make_error(Code::invalid_argument, "--set wants key=value");
  }
  values_[std::string(key_equals_value.substr(0, eq))] = key_equals_value.substr(eq + 1);
  return {};
}

std::string Config::text(std::string_view key, std::string_view fallback,
                         std::string_view meaning) {
  const std::string k(key);
  auto it = values_.find(k);
  std::string value = it == values_.end() ? std::string(fallback) : it->second;
  read_[k] = {k, value, std::string(fallback), std::string(meaning)};
  return value;
}

uint64_t Config::size(std::string_view key, uint64_t fallback, std::string_view meaning,
                      uint64_t min, uint64_t max) {
  const std::string value = text(key, std::to_string(fallback), meaning);
  uint64_t out = 0;
  auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (failed != std::errc() || end != value.data() + value.size() || out < min || out > max) {
    problems_.push_back(
        fmt::format("{} = {}: wants a whole number from {} to {}", key, value, min, max));
    return fallback;
  }
  return out;
}

bool Config::flag(std::string_view key, bool fallback, std::string_view meaning) {
  const std::string value = text(key, fallback ? "true" : "false", meaning);
  if (value != "true" && value != "false") {
    problems_.push_back(fmt::format("{} = {}: wants true or false", key, value));
    return fallback;
  }
  return value == "true";
}

std::vector<std::string> Config::list(std::string_view key, std::string_view meaning) {
  const std::string k(key);
  std::vector<std::string> out = lists_[k];
  if (auto it = values_.find(k); it != values_.end()) out.push_back(it->second);
  read_[k] = {k, fmt::format("{} entries", out.size()), "[]", std::string(meaning)};
  return out;
}

std::vector<Config::Table> Config::tables(std::string_view key, std::string_view meaning) {
  const std::string k(key);
  read_[k] = {k, fmt::format("{} tables", tables_[k].size()), "none", std::string(meaning)};
  return tables_[k];
}

Status Config::check() const {
  if (!problems_.empty()) return make_error(Code::invalid_argument, problems_.front());
  auto unknown = [&](const auto& map) -> std::string {
    for (const auto& [key, value] : map) {
      if (!read_.count(key)) return key;
    }
    return {};
  };
  for (const std::string& key : {unknown(values_), unknown(lists_), unknown(tables_)}) {
    if (!key.empty()) {
      return make_error(Code::invalid_argument,
                        key + ": no such setting; `medarc config` lists them all");
    }
  }
  return {};
}

std::vector<Config::Setting> Config::settings() const {
  std::vector<Setting> out;
  for (const auto& [key, setting] : read_) out.push_back(setting);
  return out;
}

}  // namespace medarc

// Settings as numbers: each key of a section sets the field it is named after, and no other.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"

namespace medarc::test {

template <class T>
struct NumberSetting {
  const char* key;
  uint64_t (*field)(const T&);
  uint64_t value;               // allowed, and not the default
  uint64_t wrong = UINT64_MAX;  // not allowed; this one: none is tried
};

// `from` reads a section of the configuration.
template <class T, class From>
void expect_settings(const std::vector<NumberSetting<T>>& all, From from) {
  Config none;
  const T defaults = from(none);
  ASSERT_TRUE(none.check().has_value());
  for (const NumberSetting<T>& one : all) {
    const std::string key = one.key;
    ASSERT_NE(one.field(defaults), one.value) << key;
    Config config;
    ASSERT_TRUE(config.set(key + "=" + std::to_string(one.value)).has_value()) << key;
    const T read = from(config);
    const Status status = config.check();
    EXPECT_TRUE(status.has_value())
        << key << ": " << (status.has_error() ? status.error().text : "");
    for (const NumberSetting<T>& other : all) {
      EXPECT_EQ(other.field(read), &other == &one ? one.value : other.field(defaults))
          << key << " read as " << other.key;
    }
    if (one.wrong == UINT64_MAX) continue;
    Config refused;
    ASSERT_TRUE(refused.set(key + "=" + std::to_string(one.wrong)).has_value()) << key;
    from(refused);
    EXPECT_TRUE(refused.check().has_error()) << key;
  }
  // Each is explained where `medarc config` prints it.
  for (const Config::Setting& setting : none.settings()) {
    EXPECT_FALSE(setting.meaning.empty()) << setting.key;
  }
}

}  // namespace medarc::test

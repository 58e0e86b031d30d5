#include "dicom/administration/table_json.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <optional>
#include <set>

namespace medarc::dicom {
namespace {

namespace json = boost::json;

constexpr size_t kDepthMax = 2;  // one object of plain values; more is never looked at

const std::set<std::string_view> kNumbers = {"port", "associations_max", "suboperations_max"};
const std::set<std::string_view> kSwitches = {"commit", "tls", "tls_host_check", "user_confirmed"};

bool is_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7F; });
}

// nullopt: no value of a table.
std::optional<std::string> text_of(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  return std::nullopt;
}

}  // namespace

json::object table_json(const Config::Table& table) {
  json::object out;
  for (const auto& [key, text] : table) {
    uint32_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = failed == std::errc() && end == text.data() + text.size();
    if (whole && kNumbers.contains(key)) {
      out[key] = number;
    } else if ((text == "true" || text == "false") && kSwitches.contains(key)) {
      out[key] = text == "true";
    } else {
      out[key] = text;
    }
  }
  return out;
}

Result<Config::Table> read_table_json(ByteView text, size_t value_bytes_max) {
  json::parse_options options;
  options.max_depth = kDepthMax;
  boost::system::error_code failed;
  const json::value parsed = json::parse({text.data(), text.size()}, failed, {}, options);
  if (failed || !parsed.is_object()) {
    return make_error(Code::invalid_argument,
                      "a JSON object of texts, numbers, true and false is wanted");
  }
  const json::object& object = parsed.get_object();
  if (object.size() > kTableKeysMax) {
    return make_error(Code::invalid_argument,
                      "more than " + std::to_string(kTableKeysMax) + " settings");
  }
  Config::Table out;
  for (const auto& member : object) {
    const std::string key(member.key());
    if (key.empty() || key.size() > kTableKeyBytesMax || !is_text(key)) {
      return make_error(Code::invalid_argument, "the name of a setting has 1 to " +
                                                    std::to_string(kTableKeyBytesMax) +
                                                    " printable characters");
    }
    const auto value = text_of(member.value());
    if (!value || !is_text(*value)) {
      return make_error(Code::invalid_argument,
                        key + ": a text, a whole number, true or false is wanted");
    }
    if (value->size() > value_bytes_max) {
      return make_error(Code::too_large, key + ": over administration.value_bytes_max, which is " +
                                             std::to_string(value_bytes_max));
    }
    out[key] = *value;
  }
  return out;
}

}  // namespace medarc::dicom

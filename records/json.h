// JSON as records keep it: a tree in which objects keep their order and numbers their text, so that
// what a client wrote (1.00, 1e2, 18 digits) comes back as it was written.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::records {

struct JsonLimits {
  uint64_t bytes_max = 1u << 20;
  uint32_t depth_max = 48;
};

class Json {
 public:
  enum class Type : uint8_t { null, boolean, number, string, array, object };
  struct Member;

  Json();  // null
  static Json string(std::string_view text);
  static Json number(uint64_t value);
  static Json number_text(std::string text);
  static Json boolean(bool value);
  static Json array();
  static Json array(std::vector<Json> items);
  static Json object();
  static Json object(std::initializer_list<std::pair<std::string_view, Json>> members);

  Type type() const { return type_; }
  bool is(Type type) const { return type_ == type; }
  const std::string& text() const { return text_; }  // of a string; of a number as written
  bool truth() const { return text_ == "true"; }
  const std::vector<Json>& items() const { return items_; }
  std::vector<Json>& items() { return items_; }
  const std::vector<Member>& members() const { return members_; }
  std::vector<Member>& members() { return members_; }
  const Json* find(std::string_view key) const;          // null when absent or no object
  std::string_view text_at(std::string_view key) const;  // of a string member, or ""
  Json& set(std::string_view key, Json value);           // adds, or replaces in place; answers this
  void add(Json item);
  bool erase(std::string_view key);
  bool operator==(const Json& other) const;

 private:
  Json(Type type, std::string text);
  Type type_ = Type::null;
  std::string text_;
  std::vector<Json> items_;
  std::vector<Member> members_;
};

struct Json::Member {
  std::string key;
  Json value;
  bool operator==(const Member& other) const = default;
};

// Here, where Member is complete.
inline Json::Json() = default;
inline Json::Json(Type type, std::string text) : type_(type), text_(std::move(text)) {}
inline Json Json::string(std::string_view text) { return Json(Type::string, std::string(text)); }
inline Json Json::number(uint64_t value) { return Json(Type::number, std::to_string(value)); }
inline Json Json::number_text(std::string text) { return Json(Type::number, std::move(text)); }
inline Json Json::boolean(bool value) { return Json(Type::boolean, value ? "true" : "false"); }
inline Json Json::array() { return Json(Type::array, {}); }
inline Json Json::object() { return Json(Type::object, {}); }
inline void Json::add(Json item) { items_.push_back(std::move(item)); }

// Errors: too_large (over the limits), invalid_argument (not JSON in UTF-8, a key twice in one
// object: `path` then says where). Texts hold no values.
Result<Json> parse_json(ByteView text, const JsonLimits& limits, std::string* path = nullptr);

Bytes to_text(const Json& json, bool pretty = false);
void append_quoted(Bytes& out, std::string_view text);

}  // namespace medarc::records

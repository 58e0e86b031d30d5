#include "records/json.h"

#include <simdjson.h>

#include <algorithm>
#include <unordered_set>

namespace medarc::records {
namespace {

namespace od = simdjson::ondemand;

// RFC 8259 section 6; simdjson checks numbers only when they are asked for as a C++ type.
bool is_number(std::string_view t) {
  size_t i = 0;
  auto digits = [&] {
    const size_t from = i;
    while (i < t.size() && t[i] >= '0' && t[i] <= '9') ++i;
    return i > from;
  };
  if (i < t.size() && t[i] == '-') ++i;
  const size_t first = i;
  if (!digits() || (t[first] == '0' && i > first + 1)) return false;
  if (i < t.size() && t[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < t.size() && (t[i] == 'e' || t[i] == 'E')) {
    ++i;
    if (i < t.size() && (t[i] == '+' || t[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == t.size();
}

class Reader {
 public:
  Reader(const JsonLimits& limits, std::string* path) : limits_(limits), path_(path) {}

  template <class Source>
  Result<Json> read(Source& source, uint32_t depth) {
    if (depth > limits_.depth_max) {
      return make_error(Code::too_large,
                        "JSON nested deeper than " + std::to_string(limits_.depth_max) + " levels");
    }
    od::json_type type;
    if (source.type().get(type)) return broken();
    switch (type) {
      case od::json_type::object: return read_object(source, depth);
      case od::json_type::array: return read_array(source, depth);
      case od::json_type::string: {
        std::string_view text;
        if (source.get_string().get(text)) return broken();
        return Json::string(text);
      }
      case od::json_type::number: return read_number(source);
      case od::json_type::boolean: {
        bool value;
        if (source.get_bool().get(value)) return broken();
        return Json::boolean(value);
      }
      case od::json_type::null: {
        bool null = false;
        if (simdjson::simdjson_result<bool>(source.is_null()).get(null) || !null) return broken();
        return Json();
      }
    }
    return broken();
  }

 private:
  Error broken() { return make_error(Code::invalid_argument, "the body is not JSON in UTF-8"); }

  template <class Source>
  Result<Json> read_number(Source& source) {
    std::string_view token;
    if (simdjson::simdjson_result<std::string_view>(source.raw_json_token()).get(token)) {
      return broken();
    }
    while (!token.empty() && std::string_view(" \t\r\n").find(token.back()) != token.npos) {
      token.remove_suffix(1);
    }
    double value;  // also moves on to what follows
    if (!is_number(token)) return broken();
    const simdjson::error_code error = source.get_double().get(value);
    if (error && error != simdjson::NUMBER_ERROR) return broken();
    return Json::number_text(std::string(token));
  }

  template <class Source>
  Result<Json> read_array(Source& source, uint32_t depth) {
    od::array list;
    if (source.get_array().get(list)) return broken();
    Json out = Json::array();
    for (auto item : list) {
      od::value value;
      if (item.get(value)) return broken();
      const size_t length = enter("[" + std::to_string(out.items().size()) + "]");
      MEDARC_ASSIGN(Json one, read(value, depth + 1));
      leave(length);
      out.add(std::move(one));
    }
    return out;
  }

  template <class Source>
  Result<Json> read_object(Source& source, uint32_t depth) {
    od::object object;
    if (source.get_object().get(object)) return broken();
    Json out = Json::object();
    std::unordered_set<std::string> keys;
    for (auto field : object) {
      std::string_view key;
      if (field.unescaped_key().get(key)) return broken();
      std::string name(key);
      od::value value;
      if (field.value().get(value)) return broken();
      const size_t length = enter((path_ != nullptr && path_->empty() ? "" : ".") + name);
      if (!keys.insert(name).second) {
        return make_error(Code::invalid_argument, "an object has the same key twice");
      }
      MEDARC_ASSIGN(Json one, read(value, depth + 1));
      leave(length);
      out.members().push_back({std::move(name), std::move(one)});
    }
    return out;
  }

  // The path stays where an error was met.
  size_t enter(const std::string& step) {
    if (path_ == nullptr) return 0;
    const size_t length = path_->size();
    *path_ += step.substr(0, 128);
    return length;
  }
  void leave(size_t length) {
    if (path_ != nullptr) path_->resize(length);
  }

  const JsonLimits& limits_;
  std::string* path_;
};

void newline(Bytes& out, size_t depth) {
  out += '\n';
  out.append(depth * 2, ' ');
}

void write(Bytes& out, const Json& json, bool pretty, size_t depth) {
  switch (json.type()) {
    case Json::Type::null: out += "null"; return;
    case Json::Type::boolean:
    case Json::Type::number: out += json.text(); return;
    case Json::Type::string: append_quoted(out, json.text()); return;
    case Json::Type::array: {
      out += '[';
      for (size_t i = 0; i < json.items().size(); ++i) {
        if (i > 0) out += ',';
        if (pretty) newline(out, depth + 1);
        write(out, json.items()[i], pretty, depth + 1);
      }
      if (pretty && !json.items().empty()) newline(out, depth);
      out += ']';
      return;
    }
    case Json::Type::object: {
      out += '{';
      for (size_t i = 0; i < json.members().size(); ++i) {
        if (i > 0) out += ',';
        if (pretty) newline(out, depth + 1);
        append_quoted(out, json.members()[i].key);
        out += pretty ? ": " : ":";
        write(out, json.members()[i].value, pretty, depth + 1);
      }
      if (pretty && !json.members().empty()) newline(out, depth);
      out += '}';
      return;
    }
  }
}

}  // namespace

Json Json::array(std::vector<Json> items) {
  Json out;
  out.type_ = Type::array;
  out.items_ = std::move(items);
  return out;
}

Json Json::object(std::initializer_list<std::pair<std::string_view, Json>> members) {
  Json out;
  out.type_ = Type::object;
  for (const auto& [key, value] : members) out.members_.push_back({std::string(key), value});
  return out;
}

const Json* Json::find(std::string_view key) const {
  for (const Member& member : members_) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string_view Json::text_at(std::string_view key) const {
  const Json* value = find(key);
  return value != nullptr && value->is(Type::string) ? std::string_view(value->text_) : "";
}

Json& Json::set(std::string_view key, Json value) {
  for (Member& member : members_) {
    if (member.key == key) {
      member.value = std::move(value);
      return *this;
    }
  }
  members_.push_back({std::string(key), std::move(value)});
  return *this;
}

bool Json::erase(std::string_view key) {
  return std::erase_if(members_, [&](const Member& m) { return m.key == key; }) > 0;
}

bool Json::operator==(const Json& other) const {
  return type_ == other.type_ && text_ == other.text_ && items_ == other.items_ &&
         members_ == other.members_;
}

Result<Json> parse_json(ByteView text, const JsonLimits& limits, std::string* path) {
  if (path != nullptr) path->clear();
  if (text.size() > limits.bytes_max) {
    return make_error(Code::too_large,
                      "more than " + std::to_string(limits.bytes_max) + " bytes of JSON");
  }
  const simdjson::padded_string padded(text);
  // One more than our own limit, so that ours is the one that speaks.
  od::parser parser;
  if (parser.allocate(std::max<size_t>(padded.size(), 64), limits.depth_max + 8)) {
    return make_error(Code::exhausted, "no memory to read JSON");
  }
  od::document document;
  if (const auto error = parser.iterate(padded).get(document)) {
    (void)error;
    return make_error(Code::invalid_argument, "the body is not JSON in UTF-8");
  }
  Reader reader(limits, path);
  MEDARC_ASSIGN(Json out, reader.read(document, 1));
  const char* rest = nullptr;
  if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) {
    return make_error(Code::invalid_argument, "something follows the JSON value");
  }
  return out;
}

void append_quoted(Bytes& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

Bytes to_text(const Json& json, bool pretty) {
  Bytes out;
  write(out, json, pretty, 0);
  return out;
}

}  // namespace medarc::records

#include "dicom/json_elements.h"

#include <charconv>

#include "base/bytes.h"

namespace medarc::dicom {
namespace {

// Behind the value that begins at `at`; text.size() when it does not end.
size_t after_value(std::string_view text, size_t at) {
  size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
      }
      at = std::min(at + 1, text.size());
      if (depth == 0) return at;
      continue;
    }
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth <= 1) return depth == 1 ? at + 1 : at;
      --depth;
    } else if (c == ',' && depth == 0) {
      return at;
    }
    ++at;
  }
  return text.size();
}

std::string_view without_quotes(std::string_view json) {
  return json.size() >= 2 && json.front() == '"' && json.back() == '"'
             ? json.substr(1, json.size() - 2)
             : std::string_view();
}

// Members of "{…}": name without quotes, value as JSON.
template <class Visit>
void for_each_member(std::string_view object, Visit visit) {
  size_t at = 1;
  while (at < object.size() && object[at] == '"') {
    const size_t name_end = after_value(object, at);
    const std::string_view name = without_quotes(object.substr(at, name_end - at));
    if (name_end >= object.size() || object[name_end] != ':') return;
    const size_t end = after_value(object, name_end + 1);
    if (!visit(name, object.substr(name_end + 1, end - name_end - 1))) return;
    if (end >= object.size() || object[end] != ',') return;
    at = end + 1;
  }
}

std::optional<Tag> tag_in(std::string_view name) {
  uint32_t value = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), value, 16);
  if (name.size() != 8 || failed != std::errc() || end != name.data() + name.size()) {
    return std::nullopt;
  }
  return Tag{value};
}

JsonElement element_in(Tag tag, std::string_view object) {
  JsonElement out;
  out.tag = tag;
  for_each_member(object, [&](std::string_view name, std::string_view value) {
    if (name == "vr") {
      const std::string_view vr = without_quotes(value);
      if (vr.size() == 2) out.vr = {vr[0], vr[1]};
    } else if (name == "Value") {
      out.values = value;
    } else if (name == "InlineBinary") {
      out.inline_binary = without_quotes(value);
    } else if (name == "BulkDataURI") {
      out.elsewhere = true;
    }
    return true;
  });
  return out;
}

// The text of a JSON string; json.h escapes quotes, backslashes and control characters only.
std::string unescaped(std::string_view inner) {
  std::string out;
  for (size_t i = 0; i < inner.size(); ++i) {
    if (inner[i] != '\\' || i + 1 == inner.size()) {
      out += inner[i];
      continue;
    }
    if (inner[++i] != 'u') {
      out += inner[i];
      continue;
    }
    uint32_t c = 0;
    const std::string_view digits = inner.substr(i + 1, 4);
    std::from_chars(digits.data(), digits.data() + digits.size(), c, 16);
    out += static_cast<char>(c);
    i += digits.size();
  }
  return out;
}

std::string name_in(std::string_view object) {
  std::string groups[3];
  for_each_member(object, [&](std::string_view name, std::string_view value) {
    const size_t at = name == "Alphabetic" ? 0 : name == "Ideographic" ? 1 : 2;
    groups[at] = unescaped(without_quotes(value));
    return true;
  });
  std::string out = groups[0];
  if (!groups[1].empty() || !groups[2].empty()) out += "=" + groups[1];
  if (!groups[2].empty()) out += "=" + groups[2];
  return out;
}

std::string value_in(std::string_view json) {
  if (json.empty() || json == "null") return {};
  if (json.front() == '{') return name_in(json);
  if (json.front() == '"') return unescaped(without_quotes(json));
  return std::string(json);  // a number, as it was written
}

// Private elements of implicit VR datasets have VR UN: taken for text, as LO is.
std::vector<std::string> texts_of(std::string_view base64) {
  std::vector<std::string> out;
  const std::optional<Bytes> bytes = from_base64(base64);
  if (!bytes) return out;
  std::string_view rest(*bytes);
  while (!rest.empty() && (rest.back() == ' ' || rest.back() == '\0')) rest.remove_suffix(1);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\\'), rest.size());
    std::string_view one = rest.substr(0, end);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    out.emplace_back(one);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace

void for_each_element(std::string_view dataset,
                      const std::function<bool(const JsonElement&)>& visit) {
  for_each_member(dataset, [&](std::string_view name, std::string_view value) {
    const auto tag = tag_in(name);
    return !tag || visit(element_in(*tag, value));
  });
}

std::optional<JsonElement> find_element(std::string_view dataset, Tag tag) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string wanted(8, '0');
  for (int i = 0; i < 8; ++i)
    wanted[static_cast<size_t>(i)] = kDigits[tag.value >> (28 - 4 * i) & 15];
  if (dataset.find('"' + wanted + '"') == std::string_view::npos) return std::nullopt;  // most
  std::optional<JsonElement> out;
  for_each_member(dataset, [&](std::string_view name, std::string_view value) {
    if (name != wanted) return true;
    out = element_in(tag, value);
    return false;
  });
  return out;
}

std::vector<std::string_view> json_entries(std::string_view array) {
  std::vector<std::string_view> out;
  size_t at = 1;
  while (at < array.size() && array[at] != ']') {
    const size_t end = after_value(array, at);
    out.push_back(array.substr(at, end - at));
    if (end >= array.size() || array[end] != ',') break;
    at = end + 1;
  }
  return out;
}

Attribute attribute_of(const JsonElement& element) {
  Attribute out{element.tag, element.vr, {}};
  if (element.vr[0] == 'S' && element.vr[1] == 'Q') {
    out.values.emplace_back(element.values.empty() ? "[]" : element.values);
    return out;
  }
  if (!element.inline_binary.empty() && element.vr[0] == 'U' && element.vr[1] == 'N') {
    out.values = texts_of(element.inline_binary);
    return out;
  }
  for (const std::string_view entry : json_entries(element.values)) {
    out.values.push_back(value_in(entry));
  }
  return out;
}

void drop_bulk_uris(std::string& json) {
  constexpr std::string_view kMember = ",\"BulkDataURI\":\"\x01";
  for (size_t at = 0; (at = json.find(kMember, at)) != std::string::npos;) {
    const size_t end = json.find('"', at + kMember.size());
    json.erase(at, end == std::string::npos ? end : end + 1 - at);
  }
}

std::optional<uint32_t> private_block(std::string_view dataset, uint32_t group,
                                      std::string_view creator) {
  std::optional<uint32_t> out;
  for_each_element(dataset, [&](const JsonElement& e) {
    const uint32_t number = e.tag.value & 0xFFFF;
    if (e.tag.value >> 16 != group || number < 0x10 || number > 0xFF) return true;
    const Attribute named = attribute_of(e);
    if (named.values.empty() || named.values[0] != creator) return true;
    out = number;
    return false;
  });
  return out;
}

}  // namespace medarc::dicom

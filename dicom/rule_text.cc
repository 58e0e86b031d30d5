#include "dicom/rule_text.h"

#include <algorithm>

#include "index/normalise.h"

namespace medarc::dicom {

std::vector<std::string> comma_list(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    if (!part.empty()) out.emplace_back(part);
    if (comma == text.size()) return out;
    text.remove_prefix(comma + 1);
  }
}

bool any_matches(std::string_view text, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return index::wildcard_match(pattern, text);
  });
}

std::optional<Tag> attribute_named(std::string_view name) {
  std::string text(name);
  if (text.size() == 9 && text[4] == ',') text.erase(4, 1);
  return parse_tag(text);
}

}  // namespace medarc::dicom

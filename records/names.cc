#include "records/names.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <array>

#include "index/name_words.h"

namespace medarc::records {
namespace {

using index::fold_name;

constexpr std::string_view kRepresentation =
    "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation";
constexpr std::array<std::string_view, 3> kGroupCodes = {"ABC", "IDE", "SYL"};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  for (;;) {
    const size_t end = text.find(at);
    std::string_view one = text.substr(0, end);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    out.emplace_back(one);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// Several words of one component are several names in FHIR ("Anna Maria").
Json words(std::initializer_list<std::string_view> components) {
  Json out = Json::array();
  for (std::string_view component : components) {
    for (const std::string& word : split(component, ' ')) {
      if (!word.empty()) out.add(Json::string(word));
    }
  }
  return out;
}

std::string joined_words(const Json* list) {
  std::string out;
  if (list == nullptr) return out;
  for (const Json& one : list->items()) {
    if (!one.is(Json::Type::string)) continue;
    if (!out.empty()) out += ' ';
    out += one.text();
  }
  return out;
}

// A component must not hold PN's own separators.
std::string component(std::string text) {
  for (char& c : text) {
    if (c == '^' || c == '=' || c == '\\' || static_cast<uint8_t>(c) < 0x20) c = ' ';
  }
  return text;
}

bool has_ideographs(std::string_view text) {
  const auto n = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < n;) {
    UChar32 c = 0;
    U8_NEXT(text.data(), i, n, c);
    if ((c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
        (c >= 0xAC00 && c <= 0xD7AF) || (c >= 0x20000 && c <= 0x3FFFF)) {
      return true;
    }
  }
  return false;
}

bool has_kana(std::string_view text) {
  const auto n = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < n;) {
    UChar32 c = 0;
    U8_NEXT(text.data(), i, n, c);
    if (c >= 0x3040 && c <= 0x30FF) return true;
  }
  return false;
}

size_t group_of(const Json& name, std::string_view pn) {
  if (const Json* extensions = name.find("extension")) {
    for (const Json& e : extensions->items()) {
      if (e.text_at("url") != kRepresentation) continue;
      const auto code = std::find(kGroupCodes.begin(), kGroupCodes.end(), e.text_at("valueCode"));
      if (code != kGroupCodes.end()) return static_cast<size_t>(code - kGroupCodes.begin());
    }
  }
  return has_ideographs(pn) ? 1 : has_kana(pn) ? 2 : 0;
}

std::string pn_group(const Json& name) {
  std::string given = joined_words(name.find("given"));
  std::string first = given, middle;
  if (const size_t blank = given.find(' '); blank != std::string::npos) {
    first = given.substr(0, blank);
    middle = given.substr(blank + 1);
  }
  std::string family(name.text_at("family"));
  if (family.empty() && given.empty()) family = name.text_at("text");
  std::string out = component(family) + "^" + component(first) + "^" + component(middle) + "^" +
                    component(joined_words(name.find("prefix"))) + "^" +
                    component(joined_words(name.find("suffix")));
  while (!out.empty() && out.back() == '^') out.pop_back();
  return out;
}

int rank_of(const Json& name) {
  const std::string_view use = name.text_at("use");
  return use == "official" ? 0 : use == "usual" ? 1 : use == "old" || use == "temp" ? 3 : 2;
}

std::string without_blanks(std::string text) {
  std::erase(text, ' ');
  return text;
}

}  // namespace

std::vector<Json> names_from_pn(std::string_view pn) {
  std::vector<Json> out;
  const std::vector<std::string> groups = split(pn, '=');
  for (size_t g = 0; g < std::min(groups.size(), kGroupCodes.size()); ++g) {
    std::vector<std::string> c = split(groups[g], '^');
    c.resize(5);
    if (std::all_of(c.begin(), c.end(), [](auto& one) { return one.empty(); })) continue;
    Json name = Json::object();
    if (groups.size() > 1) {
      name.set("extension",
               Json::array({Json::object({{"url", Json::string(kRepresentation)},
                                          {"valueCode", Json::string(kGroupCodes[g])}})}));
    }
    if (!c[0].empty()) name.set("family", Json::string(c[0]));
    auto put = [&](std::string_view key, Json list) {
      if (!list.items().empty()) name.set(key, std::move(list));
    };
    put("given", words({c[1], c[2]}));
    put("prefix", words({c[3]}));
    put("suffix", words({c[4]}));
    out.push_back(std::move(name));
  }
  return out;
}

std::vector<std::string> names_to_pn(const Json* names) {
  if (names == nullptr) return {};
  std::vector<const Json*> ranked;
  for (const Json& name : names->items()) ranked.push_back(&name);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](auto* a, auto* b) { return rank_of(*a) < rank_of(*b); });
  // The first name of each script together, then every other one by itself.
  std::array<std::string, 3> first;
  std::vector<std::string> more;
  for (const Json* name : ranked) {
    std::string pn = pn_group(*name);
    if (pn.empty()) continue;
    const size_t group = group_of(*name, pn);
    if (first[group].empty()) {
      first[group] = std::move(pn);
    } else {
      more.push_back(std::string(group, '=') + pn);
    }
  }
  std::string together = first[0] + "=" + first[1] + "=" + first[2];
  while (!together.empty() && together.back() == '=') together.pop_back();
  std::vector<std::string> out;
  if (!together.empty()) out.push_back(std::move(together));
  for (std::string& pn : more) {
    if (std::find(out.begin(), out.end(), pn) == out.end()) out.push_back(std::move(pn));
  }
  return out;
}

NameParts parts_of(const Json* names) {
  NameParts out;
  if (names == nullptr) return out;
  auto put = [](std::vector<std::string>& list, std::string_view text) {
    if (std::string folded = fold_name(text); !folded.empty()) list.push_back(std::move(folded));
  };
  for (const Json& name : names->items()) {
    put(out.family, name.text_at("family"));
    put(out.other, name.text_at("text"));
    std::string given;
    for (const auto& [key, list] :
         {std::pair("given", &out.given), {"prefix", &out.other}, {"suffix", &out.other}}) {
      const Json* values = name.find(key);
      if (values == nullptr) continue;
      for (const Json& value : values->items()) {
        if (!value.is(Json::Type::string)) continue;
        put(*list, value.text());
        if (list == &out.given) given += value.text();
      }
    }
    const std::string family = without_blanks(fold_name(name.text_at("family")));
    given = without_blanks(fold_name(given));
    if (!family.empty() && !given.empty()) {
      out.joined.push_back(family + given);
      out.joined.push_back(given + family);
    }
    if (std::string text = without_blanks(fold_name(name.text_at("text"))); !text.empty()) {
      out.joined.push_back(std::move(text));
    }
  }
  return out;
}

std::vector<std::string> search_words(const Json* names) {
  const NameParts parts = parts_of(names);
  std::vector<std::string> out;
  for (const auto* list : {&parts.family, &parts.given, &parts.other, &parts.joined}) {
    for (const std::string& text : *list) {
      for (std::string& word : index::split_name(text)) out.push_back(std::move(word));
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace medarc::records

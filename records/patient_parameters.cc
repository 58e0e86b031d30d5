// Search parameters of Patient: their names, their values.
#include <algorithm>

#include "records/identity.h"
#include "index/name_words.h"
#include "records/patient_search.h"

namespace medarc::records {
namespace {

constexpr SearchParameter kParameters[] = {
    {"_id", "token", "Logical id"},
    {"identifier", "token", "An identifier: value, system|value, |value or system|"},
    {"name", "string", "Any part of a name, or family and given name together in either order"},
    {"family", "string", "Family name"},
    {"given", "string", "Given name"},
    {"birthdate", "date", "Birth date; prefixes eq ne gt lt ge le sa eb"},
    {"gender", "token", "male, female, other or unknown"},
};
constexpr std::string_view kGenders = "http://hl7.org/fhir/administrative-gender";
constexpr size_t kAlternativesMax = 100;

Error unknown(std::string_view key) {
  // Keys are short words or nonsense; nonsense is not repeated.
  const bool word = key.size() <= 40 && std::all_of(key.begin(), key.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
                             c == '-' || c == ':' || c == '.' || (c >= '0' && c <= '9');
                    });
  return make_error(Code::unsupported, "no such search parameter or modifier" +
                                           (word ? ": " + std::string(key) : std::string()));
}

}  // namespace

std::span<const SearchParameter> patient_parameters() { return kParameters; }

std::vector<std::string> alternatives(std::string_view value) {
  std::vector<std::string> out(1);
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) {
      out.back() += value[i++];
      out.back() += value[i];
    } else if (value[i] == ',') {
      out.emplace_back();
    } else {
      out.back() += value[i];
    }
  }
  std::erase(out, std::string());
  return out;
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size() &&
                        std::string_view("\\,|$").find(text[i + 1]) != std::string_view::npos;
    out += text[escape ? ++i : i];
  }
  return out;
}

TokenTerm parse_token(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '|') {
      return {unescape(text.substr(0, i)), unescape(text.substr(i + 1))};
    }
  }
  return {std::nullopt, unescape(text)};
}

Result<DateTerm> parse_date_term(std::string_view text) {
  DateTerm out;
  if (text.size() > 2 && text[0] >= 'a' && text[0] <= 'z') {
    constexpr std::pair<std::string_view, DatePrefix> kPrefixes[] = {
        {"eq", DatePrefix::eq}, {"ne", DatePrefix::ne}, {"gt", DatePrefix::gt},
        {"lt", DatePrefix::lt}, {"ge", DatePrefix::ge}, {"le", DatePrefix::le},
        {"sa", DatePrefix::sa}, {"eb", DatePrefix::eb}};
    const auto found = std::find_if(std::begin(kPrefixes), std::end(kPrefixes),
                                    [&](auto& p) { return p.first == text.substr(0, 2); });
    if (found == std::end(kPrefixes)) {
      return make_error(Code::invalid_argument, "no such date prefix");
    }
    out.prefix = found->second;
    text.remove_prefix(2);
  }
  const std::optional<Days> days = days_of(text);
  if (!days) return make_error(Code::invalid_argument, "not a FHIR date");
  out.first = days->first;
  out.last = days->last;
  return out;
}

Status PatientQuery::add(std::string_view key, std::string_view value) {
  const std::vector<std::string> parts = alternatives(value);
  if (parts.size() > kAlternativesMax) {
    return make_error(Code::too_large, "a search parameter has more than 100 alternatives");
  }
  auto needs_value = [&](std::string_view name) -> Status {
    if (!parts.empty()) return {};
    return make_error(Code::invalid_argument, std::string(name) + " needs a value");
  };
  const size_t colon = key.find(':');
  const std::string_view name = key.substr(0, colon);
  const std::string_view modifier = colon == key.npos ? std::string_view() : key.substr(colon + 1);
  if (name == "name" || name == "family" || name == "given") {
    NameTerm term;
    term.name = name == "name" ? Name::any : name == "family" ? Name::family : Name::given;
    if (modifier == "exact") {
      term.match = Match::exact;
    } else if (modifier == "contains") {
      term.match = Match::contains;
    } else if (modifier.empty() && colon == key.npos) {
      term.match = Match::starts;
    } else {
      return unknown(key);
    }
    for (const std::string& part : parts) {
      std::string text = unescape(part);
      if (term.match != Match::exact) text = index::fold_name(text);
      if (!text.empty()) term.values.push_back(std::move(text));
    }
    MEDARC_TRY(needs_value(name));
    if (term.values.empty()) return make_error(Code::invalid_argument, "a name needs letters");
    names.push_back(std::move(term));
    return {};
  }
  if (colon != key.npos) return unknown(key);
  if (name == "identifier") {
    MEDARC_TRY(needs_value(name));
    std::vector<TokenTerm>& any = identifiers.emplace_back();
    for (const std::string& part : parts) {
      any.push_back(parse_token(part));
      if (any.back().code.empty() && any.back().system.value_or("").empty()) {
        return make_error(Code::invalid_argument, "identifier: neither system nor value");
      }
    }
    return {};
  }
  if (name == "_id") {
    MEDARC_TRY(needs_value(name));
    ids.push_back(parts);
    return {};
  }
  if (name == "gender") {
    MEDARC_TRY(needs_value(name));
    std::vector<std::string>& any = genders.emplace_back();
    for (const std::string& part : parts) {
      const TokenTerm token = parse_token(part);
      if (token.code.empty() || (token.system && *token.system != kGenders)) {
        return make_error(Code::invalid_argument, "gender: male, female, other or unknown");
      }
      any.push_back(token.code);
    }
    return {};
  }
  if (name == "birthdate") {
    MEDARC_TRY(needs_value(name));
    std::vector<DateTerm>& any = birth_dates.emplace_back();
    for (const std::string& part : parts) {
      MEDARC_ASSIGN(DateTerm term, parse_date_term(part));
      any.push_back(std::move(term));
    }
    return {};
  }
  return unknown(key);
}

}  // namespace medarc::records

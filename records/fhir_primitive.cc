#include "records/fhir_primitive.h"

#include <algorithm>
#include <charconv>

#include "records/identity.h"

namespace medarc::records {
namespace {

bool digits(std::string_view t) {
  return !t.empty() && std::all_of(t.begin(), t.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int number(std::string_view t) {
  int out = 0;
  for (char c : t) out = out * 10 + (c - '0');
  return out;
}

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool is_date(std::string_view t) {
  if (t.size() != 4 && t.size() != 7 && t.size() != 10) return false;
  if (!digits(t.substr(0, 4)) || t.substr(0, 4) == "0000") return false;
  if (t.size() == 4) return true;
  if (t[4] != '-' || !digits(t.substr(5, 2))) return false;
  const int month = number(t.substr(5, 2));
  if (month < 1 || month > 12) return false;
  if (t.size() == 7) return true;
  if (t[7] != '-' || !digits(t.substr(8))) return false;
  const int day = number(t.substr(8));
  return day >= 1 && day <= days_in(number(t.substr(0, 4)), month);
}

// hh:mm:ss(.f+)
bool is_time(std::string_view t) {
  if (t.size() < 8 || t[2] != ':' || t[5] != ':') return false;
  if (!digits(t.substr(0, 2)) || !digits(t.substr(3, 2)) || !digits(t.substr(6, 2))) return false;
  if (number(t.substr(0, 2)) > 23 || number(t.substr(3, 2)) > 59 || number(t.substr(6, 2)) > 60) {
    return false;
  }
  return t.size() == 8 || (t[8] == '.' && digits(t.substr(9)));
}

bool is_zone(std::string_view t) {
  if (t == "Z") return true;
  if (t.size() != 6 || (t[0] != '+' && t[0] != '-') || t[3] != ':') return false;
  if (!digits(t.substr(1, 2)) || !digits(t.substr(4))) return false;
  const int hours = number(t.substr(1, 2)), minutes = number(t.substr(4));
  return minutes <= 59 && (hours < 14 || (hours == 14 && minutes == 0));
}

bool is_instant(std::string_view t) {
  if (t.size() < 20 || t[10] != 'T' || !is_date(t.substr(0, 10))) return false;
  const size_t zone = t.find_first_of("Z+-", 11);
  return zone != std::string_view::npos && is_time(t.substr(11, zone - 11)) &&
         is_zone(t.substr(zone));
}

bool is_base64(std::string_view t) {
  size_t n = 0, pads = 0;
  for (char c : t) {
    if (blank(c)) continue;
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (c == '=') {
      ++pads;
    } else if (!letter || pads > 0) {
      return false;
    }
    ++n;
  }
  return n > 0 && n % 4 == 0 && pads <= 2;
}

// Whole words with single blanks between them.
bool is_code(std::string_view t) {
  if (t.empty() || blank(t.front()) || blank(t.back())) return false;
  for (size_t i = 1; i < t.size(); ++i) {
    if (blank(t[i]) && (t[i] != ' ' || blank(t[i - 1]))) return false;
  }
  return true;
}

bool is_text(std::string_view t) {
  return std::any_of(t.begin(), t.end(), [](char c) { return !blank(c); }) &&
         std::none_of(t.begin(), t.end(),
                      [](char c) { return static_cast<uint8_t>(c) < 0x20 && !blank(c); });
}

bool is_uri(std::string_view t) {
  return !t.empty() && std::none_of(t.begin(), t.end(), [](char c) {
    return blank(c) || static_cast<uint8_t>(c) < 0x20;
  });
}

bool is_oid(std::string_view t) {
  if (!t.starts_with("urn:oid:")) return false;
  t.remove_prefix(8);
  if (t.size() < 3 || t[0] < '0' || t[0] > '2' || t[1] != '.') return false;
  return std::all_of(t.begin(), t.end(),
                     [](char c) { return c == '.' || (c >= '0' && c <= '9'); }) &&
         t.back() != '.' && t.find("..") == std::string_view::npos;
}

bool is_uuid(std::string_view t) {
  if (!t.starts_with("urn:uuid:") || t.size() != 45) return false;
  t.remove_prefix(9);
  for (size_t i = 0; i < t.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (t[i] >= '0' && t[i] <= '9') || (t[i] >= 'a' && t[i] <= 'f');
    if (dash ? t[i] != '-' : !hex) return false;
  }
  return true;
}

// Enough to keep what runs out of a narrative (txt-1): no scripts, no handlers, no frames.
bool is_safe_xhtml(std::string_view t) {
  while (!t.empty() && blank(t.front())) t.remove_prefix(1);
  while (!t.empty() && blank(t.back())) t.remove_suffix(1);
  if (!t.starts_with("<div") || !t.ends_with(">") || !is_text(t)) return false;
  std::string lower(t);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (blank(c)) c = ' ';
  }
  for (std::string_view bad :
       {"<script", "<iframe", "<object", "<embed", "<form", "<input", "<link", "<base", "<style",
        "<svg", "<meta", "javascript:", "data:text", "<!doctype", "<!entity"}) {
    if (lower.find(bad) != std::string::npos) return false;
  }
  for (size_t at = lower.find(" on"); at != std::string::npos; at = lower.find(" on", at + 1)) {
    size_t i = at + 3;
    while (i < lower.size() && lower[i] >= 'a' && lower[i] <= 'z') ++i;
    while (i < lower.size() && lower[i] == ' ') ++i;
    const bool in_tag =
        lower.rfind('<', at) != std::string::npos &&
        (lower.rfind('>', at) == std::string::npos || lower.rfind('<', at) > lower.rfind('>', at));
    if (in_tag && i > at + 3 && i < lower.size() && lower[i] == '=') return false;
  }
  return true;
}

bool is_integer(std::string_view t, int64_t low) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), value);
  return error == std::errc{} && end == t.data() + t.size() && value >= low && value >= INT32_MIN &&
         value <= INT32_MAX;
}

}  // namespace

std::string check_primitive(std::string_view type, const Json& value) {
  const bool whole = type == "integer" || type == "positiveInt" || type == "unsignedInt";
  if (type == "boolean") return value.is(Json::Type::boolean) ? "" : "must be true or false";
  if (type == "decimal" || whole) {
    if (!value.is(Json::Type::number)) return "must be a number";
    if (!whole) return "";
    const int64_t low = type == "positiveInt" ? 1 : type == "unsignedInt" ? 0 : INT32_MIN;
    return is_integer(value.text(), low) ? "" : "is out of the range of " + std::string(type);
  }
  if (!value.is(Json::Type::string)) return "must be a string";
  const std::string& t = value.text();
  if (t.empty()) return "must not be empty";
  bool good = false;
  if (type == "string" || type == "markdown")
    good = is_text(t);
  else if (type == "code")
    good = is_code(t) && is_text(t);
  else if (type == "uri" || type == "url" || type == "canonical")
    good = is_uri(t);
  else if (type == "id")
    good = is_resource_id(t);
  else if (type == "date")
    good = is_date(t);
  else if (type == "dateTime")
    good = is_date(t) || is_instant(t);
  else if (type == "instant")
    good = is_instant(t);
  else if (type == "time")
    good = is_time(t);
  else if (type == "base64Binary")
    good = is_base64(t);
  else if (type == "oid")
    good = is_oid(t);
  else if (type == "uuid")
    good = is_uuid(t);
  else if (type == "xhtml")
    good = is_safe_xhtml(t);
  return good ? "" : "is not a valid " + std::string(type);
}

std::optional<Days> days_of(std::string_view text) {
  if (text.size() > 10 && is_instant(text)) text = text.substr(0, 10);
  if (!is_date(text)) return std::nullopt;
  Days out;
  std::string year(text.substr(0, 4));
  if (text.size() == 4) return Days{year + "0101", year + "1231"};
  const std::string month = year + std::string(text.substr(5, 2));
  if (text.size() == 7) {
    return Days{month + "01",
                month + std::to_string(days_in(number(year), number(text.substr(5, 2))))};
  }
  const std::string day = month + std::string(text.substr(8, 2));
  return Days{day, day};
}

}  // namespace medarc::records

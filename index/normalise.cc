#include "index/normalise.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace medarc::index {
namespace {

bool blank(char c) { return c == ' ' || c == '\0'; }

std::string_view trim(std::string_view v) {
  while (!v.empty() && blank(v.front())) v.remove_prefix(1);
  while (!v.empty() && blank(v.back())) v.remove_suffix(1);
  return v;
}

std::string_view trim_end(std::string_view v) {
  while (!v.empty() && blank(v.back())) v.remove_suffix(1);
  return v;
}

bool digits(std::string_view v) {
  return std::all_of(v.begin(), v.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string name_group(std::string_view group) {
  std::string out;
  for (;;) {
    const size_t end = group.find('^');
    out += trim(group.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '^';
    group.remove_prefix(end + 1);
  }
  while (!out.empty() && out.back() == '^') out.pop_back();
  return fold_case(out);
}

// A number in a form of its own: equal numbers, equal texts.
std::string number_form(std::string_view value) {
  const std::string_view v = !value.empty() && value.front() == '+' ? value.substr(1) : value;
  double number = 0;
  const auto [end, error] = std::from_chars(v.data(), v.data() + v.size(), number);
  if (error != std::errc{} || end != v.data() + v.size() || v.empty()) return std::string(value);
  std::array<char, 40> text;
  const auto written =
      std::to_chars(text.data(), text.data() + text.size(), number == 0 ? 0.0 : number);
  return std::string(text.data(), written.ptr);
}

constexpr std::string_view kFirst = "01010000000000000000";  // MMDDHHMMSSFFFFFF from its 1st digit
constexpr std::string_view kLast = "1231235959999999";

// HHMMSSFFFFFF with what is left out filled in.
std::optional<std::string> time_of_day(std::string_view v, bool last) {
  std::string plain;
  for (char c : v) {
    if (c != ':') plain += c;
  }
  const size_t dot = plain.find('.');
  const std::string whole = plain.substr(0, dot);
  std::string fraction = dot == std::string::npos ? "" : plain.substr(dot + 1);
  if (!digits(whole) || !digits(fraction) || fraction.size() > 6) return std::nullopt;
  if (whole.size() != 2 && whole.size() != 4 && whole.size() != 6) return std::nullopt;
  if (dot != std::string::npos && (whole.size() != 6 || fraction.empty())) return std::nullopt;
  std::string out = whole + fraction;
  out += (last ? kLast.substr(4) : std::string_view("000000000000")).substr(out.size());
  return out;
}

std::optional<std::string> date(std::string_view v) {
  std::string plain(v);
  if (plain.size() == 10 && plain[4] == plain[7] && (plain[4] == '.' || plain[4] == '-')) {
    plain.erase(7, 1).erase(4, 1);  // the form of ACR-NEMA, still met
  }
  if (plain.size() != 8 || !digits(plain)) return std::nullopt;
  return plain;
}

int64_t days_from_civil(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2 ? 1 : 0;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t yoe = y - era * 400;
  const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

std::string shift_minutes(const std::string& local, int64_t minutes) {
  auto number = [&](size_t at, size_t n) { return std::stoll(local.substr(at, n)); };
  int64_t total = days_from_civil(number(0, 4), number(4, 2), number(6, 2)) * 1440 +
                  number(8, 2) * 60 + number(10, 2) - minutes;
  int64_t days = total / 1440;
  int64_t rest = total % 1440;
  if (rest < 0) {
    rest += 1440;
    --days;
  }
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t doe = days - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int64_t d = doy - (153 * mp + 2) / 5 + 1;
  const int64_t m = mp < 10 ? mp + 3 : mp - 9;
  const int64_t y = yoe + era * 400 + (m <= 2 ? 1 : 0);
  auto padded = [](int64_t v, size_t width) {
    std::string text = std::to_string(v < 0 ? 0 : v);
    return std::string(width - std::min(width, text.size()), '0') + text;
  };
  return padded(y, 4) + padded(m, 2) + padded(d, 2) + padded(rest / 60, 2) + padded(rest % 60, 2) +
         local.substr(12);
}

std::optional<std::string> date_time(std::string_view v, bool last) {
  int64_t offset_minutes = 0;
  const size_t sign = v.find_first_of("+-");
  if (sign != std::string_view::npos) {
    const std::string_view zone = v.substr(sign + 1);
    if (zone.size() != 4 || !digits(zone)) return std::nullopt;
    offset_minutes =
        std::stoll(std::string(zone.substr(0, 2))) * 60 + std::stoll(std::string(zone.substr(2)));
    if (v[sign] == '-') offset_minutes = -offset_minutes;
    v = v.substr(0, sign);
  }
  const size_t dot = v.find('.');
  std::string out(v.substr(0, dot));
  if (!digits(out) || out.size() < 4 || out.size() > 14 || out.size() % 2 != 0) return std::nullopt;
  if (dot != std::string_view::npos) {
    const std::string_view fraction = v.substr(dot + 1);
    if (out.size() != 14 || !digits(fraction) || fraction.empty() || fraction.size() > 6) {
      return std::nullopt;
    }
    out += fraction;
  }
  out += (last ? kLast : kFirst).substr(out.size() - 4, 20 - out.size());
  if (offset_minutes != 0) out = shift_minutes(out, offset_minutes);
  return out;
}

}  // namespace

std::vector<std::string> name_groups(std::string_view name) {
  std::vector<std::string> out;
  for (;;) {
    const size_t end = name.find('=');
    out.push_back(name_group(name.substr(0, end)));
    if (end == std::string_view::npos) break;
    name.remove_prefix(end + 1);
  }
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

bool takes_wildcards(const Vr& vr) {
  constexpr std::string_view kWith[] = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"};
  return std::any_of(std::begin(kWith), std::end(kWith),
                     [&](auto name) { return is_vr(vr, name); });
}

bool takes_ranges(const Vr& vr) { return is_vr(vr, "DA") || is_vr(vr, "TM") || is_vr(vr, "DT"); }

std::vector<std::string> forms(const Vr& vr, std::string_view value) {
  if (!is_vr(vr, "PN")) {
    std::string one = plain_form(vr, value);
    if (one.empty()) return {};
    return {std::move(one)};
  }
  std::vector<std::string> out = name_groups(value);
  std::erase(out, std::string());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string plain_form(const Vr& vr, std::string_view value) {
  if (is_vr(vr, "PN")) return name_group(value);
  if (takes_ranges(vr)) {
    if (auto at = instant(vr, value, false)) return *at;
    return std::string(trim(value));
  }
  if (is_vr(vr, "IS") || is_vr(vr, "DS")) return number_form(trim(value));
  // Leading blanks count in the long texts only (PS3.5 6.2).
  const bool long_text = is_vr(vr, "LT") || is_vr(vr, "ST") || is_vr(vr, "UT") || is_vr(vr, "UC");
  return std::string(long_text ? trim_end(value) : trim(value));
}

std::optional<std::string> instant(const Vr& vr, std::string_view value, bool last) {
  value = trim(value);
  if (is_vr(vr, "DA")) return date(value);
  if (is_vr(vr, "TM")) return time_of_day(value, last);
  if (is_vr(vr, "DT")) return date_time(value, last);
  return std::nullopt;
}

bool wildcard_match(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  auto next = [&](size_t i) {  // past one character of UTF-8
    ++i;
    while (i < text.size() && (static_cast<uint8_t>(text[i]) & 0xC0) == 0x80) ++i;
    return i;
  };
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      t = next(t);
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      resume = next(resume);
      t = resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view literal_prefix(std::string_view pattern) {
  return pattern.substr(0, pattern.find_first_of("*?"));
}

}  // namespace medarc::index

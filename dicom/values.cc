#include "dicom/values.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <ctime>

#include "dicom/vr_kinds.h"

namespace medarc::dicom {
namespace {

std::string_view trimmed(std::string_view v, bool leading) {
  while (!v.empty() && (v.back() == ' ' || v.back() == '\0')) v.remove_suffix(1);
  while (leading && !v.empty() && v.front() == ' ') v.remove_prefix(1);
  return v;
}

std::string float_text(double v, bool single) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
  return single ? fmt::format("{}", static_cast<float>(v)) : fmt::format("{}", v);
}

std::vector<std::string> numbers(Vr vr, ByteView bytes, bool big) {
  const size_t size = one_of(vr, "US,SS") ? 2 : one_of(vr, "FD,SV,UV") ? 8 : 4;
  std::vector<std::string> out;
  for (; bytes.size() >= size; bytes.remove_prefix(size)) {
    const uint64_t v = read_number(bytes, size, big);
    if (is(vr, "US") || is(vr, "UL") || is(vr, "UV")) {
      out.push_back(std::to_string(v));
    } else if (is(vr, "SS")) {
      out.push_back(std::to_string(static_cast<int16_t>(v)));
    } else if (is(vr, "SL")) {
      out.push_back(std::to_string(static_cast<int32_t>(v)));
    } else if (is(vr, "SV")) {
      out.push_back(std::to_string(static_cast<int64_t>(v)));
    } else if (is(vr, "FL")) {
      out.push_back(float_text(std::bit_cast<float>(static_cast<uint32_t>(v)), true));
    } else if (is(vr, "FD")) {
      out.push_back(float_text(std::bit_cast<double>(v), false));
    } else {  // AT: two groups of 16 bits
      const uint64_t group = read_number(bytes, 2, big),
                     element = read_number(bytes.substr(2), 2, big);
      out.push_back(fmt::format("{:04X}{:04X}", group, element));
    }
  }
  return out;
}

}  // namespace

std::optional<std::vector<std::string>> values_of(Vr vr, ByteView bytes, bool big_endian,
                                                  const Charset& charset, bool* clean) {
  if (is_words(vr)) return numbers(vr, bytes, big_endian);
  if (!is_text(vr)) return std::nullopt;
  const bool text = has_charset(vr);
  bool all_clean = true;
  // The others are ISO_IR 6; anything else is kept visible, as UTF-8 or U+FFFD.
  const std::string all = text ? charset.decode(bytes, is(vr, "PN"), &all_clean)
                               : Charset().decode(bytes, false, &all_clean);
  if (clean != nullptr && !all_clean) *clean = false;
  std::vector<std::string> out;
  if (is_single_text(vr)) {
    const auto v = trimmed(all, false);
    if (!v.empty()) out.emplace_back(v);
    return out;
  }
  if (trimmed(all, true).empty()) return out;
  const bool leading = !is(vr, "PN") && !is(vr, "UC");
  size_t from = 0;
  while (true) {
    const size_t to = all.find('\\', from);
    out.emplace_back(trimmed(
        std::string_view(all).substr(from, to == std::string::npos ? to : to - from), leading));
    if (to == std::string::npos) break;
    from = to + 1;
  }
  return out;
}

uint8_t word_bytes(Vr vr) {
  if (one_of(vr, "US,SS,OW,AT")) return 2;
  if (one_of(vr, "UL,SL,FL,OF,OL")) return 4;
  return one_of(vr, "FD,OD,SV,UV,OV") ? 8 : 1;
}

Charset charset_of(const Scanner& scanner) {
  const Element* e = scanner.find(Tag{0x00080005});
  if (e == nullptr) return Charset();
  auto terms = values_of({'C', 'S'}, scanner.value(*e), false, Charset());
  return Charset(terms.value_or(std::vector<std::string>()));
}

std::string plain_value(const Scanner& scanner, Tag tag) {
  const Element* e = scanner.find(tag);
  if (e == nullptr || !e->held) return {};
  const Vr vr = is(e->vr, "UN") ? vr_of(tag) : e->vr;  // the dictionary says more
  auto values =
      values_of(vr, scanner.value(*e), scanner.encoding() == Encoding::explicit_big, Charset());
  return values && !values->empty() ? values->front() : std::string();
}

std::optional<int64_t> number_value(const Scanner& scanner, Tag tag) {
  const std::string text = plain_value(scanner, tag);
  int64_t v = 0;
  const char* begin = text.data() + (!text.empty() && text[0] == '+');
  auto [end, failed] = std::from_chars(begin, text.data() + text.size(), v);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += '\\';
    out += values[i];
  }
  return out;
}

std::string utc_date_time(Timestamp t) {
  const auto seconds = static_cast<std::time_t>(t.us / 1'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}.{:06}+0000", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     t.us % 1'000'000);
}

}  // namespace medarc::dicom

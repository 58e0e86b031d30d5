#include "dicom/model/values.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "dicom/scanner.h"
#include "dicom/vr_kinds.h"

namespace medarc::dicom {
namespace {

void put(Bytes& out, uint64_t v, size_t size) {
  for (size_t i = 0; i < size; ++i) out += static_cast<char>(v >> (8 * i));
}

std::optional<double> real(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf" || text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-inf" || text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double v = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (failed == std::errc::result_out_of_range || end != text.data() + text.size()) {
    return std::nullopt;
  }
  if (failed != std::errc() || !std::isfinite(v)) return std::nullopt;
  return v;
}

// An integer of `size` bytes, as two's complement; 1e2 and 3.0 are integers too.
template <class T>
std::optional<uint64_t> integer(std::string_view text) {
  T v = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (failed == std::errc() && end == text.data() + text.size()) return static_cast<uint64_t>(v);
  const auto r = real(text);
  // Beyond 2^53 a real does not name an integer.
  if (!r || std::trunc(*r) != *r || std::abs(*r) > 9007199254740992.0) return std::nullopt;
  if (*r < static_cast<double>(std::numeric_limits<T>::min()) ||
      *r > static_cast<double>(std::numeric_limits<T>::max())) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(static_cast<T>(*r));
}

bool append_number(Bytes& out, Vr vr, std::string_view text) {
  std::optional<uint64_t> v;
  size_t size = 0;
  if (is(vr, "US")) v = integer<uint16_t>(text), size = 2;
  if (is(vr, "SS")) v = integer<int16_t>(text), size = 2;
  if (is(vr, "UL")) v = integer<uint32_t>(text), size = 4;
  if (is(vr, "SL")) v = integer<int32_t>(text), size = 4;
  if (is(vr, "UV")) v = integer<uint64_t>(text), size = 8;
  if (is(vr, "SV")) v = integer<int64_t>(text), size = 8;
  if (is(vr, "FL") || is(vr, "FD")) {
    const auto r = real(text);
    if (!r) return false;
    const bool single = is(vr, "FL");
    const auto f = static_cast<float>(*r);
    if (single && std::isfinite(*r) && !std::isfinite(f)) return false;
    v = single ? std::bit_cast<uint32_t>(f) : std::bit_cast<uint64_t>(*r);
    size = single ? 4 : 8;
  }
  if (is(vr, "AT")) {
    uint32_t tag = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), tag, 16);
    if (failed != std::errc() || end != text.data() + text.size() || text.size() != 8) return false;
    v = uint64_t{tag} >> 16 | uint64_t{tag & 0xFFFF} << 16;
    size = 4;
  }
  if (!v) return false;
  put(out, *v, size);
  return true;
}

}  // namespace

void ModelValues::add(ModelSink::Kind kind, std::string_view text) {
  texts_ += text;
  entries_.push_back({static_cast<uint32_t>(texts_.size()), kind});
}

std::string_view ModelValues::text(size_t i) const {
  const size_t from = i == 0 ? 0 : entries_[i - 1].end;
  return std::string_view(texts_).substr(from, entries_[i].end - from);
}

char padding_of(Vr vr) { return is_text(vr) && !is(vr, "UI") ? ' ' : '\0'; }

std::optional<Bytes> encode_values(Vr vr, const ModelValues& values) {
  const size_t count = values.count();
  Bytes out;
  // One empty value is no value (annex F.2.5).
  if (count == 0 || (count == 1 && values.text(0).empty())) return out;
  if (is_words(vr)) {
    for (size_t i = 0; i < count; ++i) {
      if (!append_number(out, vr, values.text(i))) return std::nullopt;
    }
    return out;
  }
  if (!is_text(vr)) return std::nullopt;
  const bool single = is_single_text(vr);
  if (single && count > 1) return std::nullopt;
  for (size_t i = 0; i < count; ++i) {
    const std::string_view text = values.text(i);
    if (values.kind(i) == ModelSink::Kind::object && !is(vr, "PN")) return std::nullopt;
    if (!single && text.find('\\') != std::string_view::npos) return std::nullopt;
    if (i > 0) out += '\\';
    out += text;
  }
  if (out.size() % 2 != 0) out += padding_of(vr);
  return out;
}

void append_head(Bytes& out, Tag tag, Vr vr, uint32_t length) {
  if (!has_long_length(vr) && length > 65534) vr = {'U', 'N'};
  put(out, tag.value >> 16, 2);
  put(out, tag.value & 0xFFFF, 2);
  out.append(vr.data(), 2);
  if (has_long_length(vr)) {
    put(out, 0, 2);
    put(out, length, 4);
  } else {
    put(out, length, 2);
  }
}

void append_item_head(Bytes& out, uint32_t tag, uint32_t length) {
  put(out, tag >> 16, 2);
  put(out, tag & 0xFFFF, 2);
  put(out, length, 4);
}

}  // namespace medarc::dicom

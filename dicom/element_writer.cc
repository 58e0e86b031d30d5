#include "dicom/element_writer.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "dicom/scanner.h"
#include "dicom/values.h"
#include "dicom/vr_kinds.h"

namespace medarc::dicom {
namespace {

template <class T>
T parsed(const std::string& text) {
  T v{};
  std::from_chars(text.data(), text.data() + text.size(), v);
  return v;
}

}  // namespace

ElementWriter::ElementWriter(Encoding encoding, Charset charset)
    : charset_(std::move(charset)),
      implicit_(encoding == Encoding::implicit_little),
      big_(encoding == Encoding::explicit_big) {}

void ElementWriter::word(Bytes& out, uint64_t value, size_t size) const {
  for (size_t i = 0; i < size; ++i) {
    out += static_cast<char>(value >> (8 * (big_ ? size - 1 - i : i)));
  }
}

void ElementWriter::item_head(Bytes& out, Tag tag, uint32_t length) const {
  word(out, tag.value >> 16, 2);
  word(out, tag.value & 0xFFFF, 2);
  word(out, length, 4);
}

void ElementWriter::head(Bytes& out, Tag tag, Vr vr, uint32_t length) const {
  if (implicit_) return item_head(out, tag, length);
  word(out, tag.value >> 16, 2);
  word(out, tag.value & 0xFFFF, 2);
  out += text_of(vr);
  if (has_long_length(vr)) word(out, 0, 2);
  word(out, length, has_long_length(vr) ? 4 : 2);
}

void ElementWriter::element(Bytes& out, Tag tag, Vr vr, ByteView value) const {
  head(out, tag, vr, static_cast<uint32_t>(value.size()));
  out += value;
}

void ElementWriter::number(Bytes& out, Vr vr, const std::string& text) const {
  if (one_of(vr, "US,SS")) return word(out, static_cast<uint16_t>(parsed<int64_t>(text)), 2);
  if (one_of(vr, "UL,SL")) return word(out, static_cast<uint32_t>(parsed<int64_t>(text)), 4);
  if (is(vr, "SV")) return word(out, static_cast<uint64_t>(parsed<int64_t>(text)), 8);
  if (is(vr, "UV")) return word(out, parsed<uint64_t>(text), 8);
  if (is(vr, "FL")) return word(out, std::bit_cast<uint32_t>(parsed<float>(text)), 4);
  if (is(vr, "FD")) return word(out, std::bit_cast<uint64_t>(parsed<double>(text)), 8);
  uint32_t tag = 0;  // AT, as eight hexadecimal digits
  std::from_chars(text.data(), text.data() + text.size(), tag, 16);
  word(out, tag >> 16, 2);
  word(out, tag & 0xFFFF, 2);
}

Bytes ElementWriter::value(Vr vr, const std::vector<std::string>& values) const {
  Bytes out;
  if (is_words(vr)) {
    for (const std::string& text : values) number(out, vr, text);
    return out;
  }
  out = joined(values);
  if (has_charset(vr)) out = charset_.encode(out).value_or(Bytes());
  if (!implicit_ && !has_long_length(vr) && out.size() > kShortLengthMax) {
    const size_t end = out.rfind('\\', kShortLengthMax);
    out.resize(end == Bytes::npos ? 0 : end);
  }
  if (out.size() % 2 != 0) out += is(vr, "UI") ? '\0' : ' ';
  return out;
}

Bytes ElementWriter::words(Vr vr, Bytes little_endian) const {
  Bytes out = std::move(little_endian);
  if (out.size() % 2 != 0) out += '\0';
  const size_t width = big_ ? word_bytes(vr) : 1;
  for (size_t at = 0; width > 1 && at + width <= out.size(); at += width) {
    const auto from = out.begin() + static_cast<int64_t>(at);
    std::reverse(from, from + static_cast<int64_t>(width));
  }
  return out;
}

Charset fitting_charset(const std::vector<std::string>& wanted,
                        const std::function<bool(const Charset&)>& fits,
                        std::vector<std::string>& term) {
  term.clear();
  if (Charset plain; fits(plain)) return plain;
  if (Charset own(wanted); !wanted.empty() && own.known() && fits(own)) {
    term = wanted;
    return own;
  }
  term = {"ISO_IR 192"};
  return Charset(term);
}

}  // namespace medarc::dicom

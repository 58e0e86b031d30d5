// Data sets to bytes, in the three encodings of PS3.5 section 7. Sequences and items have explicit
// lengths.
#include <algorithm>
#include <bit>
#include <charconv>

#include "dicom/charset.h"
#include "dicom/dataset.h"
#include "dicom/scanner.h"
#include "dicom/transfer_syntax.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

constexpr Tag kSpecificCharacterSet{0x00080005}, kItem{0xFFFEE000};
constexpr size_t kShortLengthMax = 0xFFFE;

bool one_of(const Vr& vr, std::string_view list) {  // "AE,CS"
  for (size_t i = 0; i + 1 < list.size(); i += 3) {
    if (list.substr(i, 2) == text_of(vr)) return true;
  }
  return false;
}

// VRs whose text may leave the default repertoire (PS3.5 6.1.2.3).
bool has_charset(const Vr& vr) { return one_of(vr, "LO,LT,PN,SH,ST,UC,UT"); }

std::string joined(const std::vector<std::string>& values) {
  std::string out;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += '\\';
    out += values[i];
  }
  return out;
}

bool fits(const DataSet& dataset, const Charset& charset) {
  return std::all_of(dataset.all().begin(), dataset.all().end(), [&](const DataElement& e) {
    if (has_charset(e.vr) && !charset.encode(joined(e.values))) return false;
    return std::all_of(e.items.begin(), e.items.end(),
                       [&](const DataSet& item) { return fits(item, charset); });
  });
}

template <class T>
T parsed(const std::string& text) {
  T v{};
  std::from_chars(text.data(), text.data() + text.size(), v);
  return v;
}

class Writer {
 public:
  Writer(const Charset& charset, Encoding encoding)
      : charset_(charset),
        implicit_(encoding == Encoding::implicit_little),
        big_(encoding == Encoding::explicit_big) {}

  void put(const DataSet& dataset, Bytes& out) const {
    for (const DataElement& e : dataset.all()) put(e, out);
  }

 private:
  void put(const DataElement& e, Bytes& out) const {
    Bytes value;
    if (is(e.vr, "SQ")) {
      for (const DataSet& item : e.items) {
        Bytes inside;
        put(item, inside);
        put_tag(kItem, value);
        word(inside.size(), 4, value);
        value += inside;
      }
    } else if (one_of(e.vr, "US,SS,UL,SL,SV,UV,FL,FD,AT")) {
      for (const std::string& text : e.values) number(e.vr, text, value);
    } else if (!e.binary.empty()) {
      value = words(e);
    } else {
      value = text(e);
    }
    put_tag(e.tag, out);
    if (implicit_) {
      word(value.size(), 4, out);
    } else {
      out += text_of(e.vr);
      if (has_long_length(e.vr)) {
        word(0, 2, out);
        word(value.size(), 4, out);
      } else {
        word(value.size(), 2, out);
      }
    }
    out += value;
  }

  void word(uint64_t value, size_t size, Bytes& out) const {
    for (size_t i = 0; i < size; ++i) {
      out += static_cast<char>(value >> (8 * (big_ ? size - 1 - i : i)));
    }
  }
  void put_tag(Tag tag, Bytes& out) const {
    word(tag.value >> 16, 2, out);
    word(tag.value & 0xFFFF, 2, out);
  }

  void number(const Vr& vr, const std::string& text, Bytes& out) const {
    if (one_of(vr, "US,SS")) return word(static_cast<uint16_t>(parsed<int64_t>(text)), 2, out);
    if (one_of(vr, "UL,SL")) return word(static_cast<uint32_t>(parsed<int64_t>(text)), 4, out);
    if (is(vr, "SV")) return word(static_cast<uint64_t>(parsed<int64_t>(text)), 8, out);
    if (is(vr, "UV")) return word(parsed<uint64_t>(text), 8, out);
    if (is(vr, "FL")) return word(std::bit_cast<uint32_t>(parsed<float>(text)), 4, out);
    if (is(vr, "FD")) return word(std::bit_cast<uint64_t>(parsed<double>(text)), 8, out);
    uint32_t held = 0;  // AT, as eight hexadecimal digits
    std::from_chars(text.data(), text.data() + text.size(), held, 16);
    put_tag(Tag{held}, out);
  }

  Bytes text(const DataElement& e) const {
    const std::string all = joined(e.values);
    Bytes value = has_charset(e.vr) ? charset_.encode(all).value_or(Bytes()) : Bytes(all);
    // Text may grow in another character set; it is cut at a value's end then.
    if (!implicit_ && !has_long_length(e.vr) && value.size() > kShortLengthMax) {
      const size_t end = value.rfind('\\', kShortLengthMax);
      value.resize(end == Bytes::npos ? 0 : end);
    }
    if (value.size() % 2 != 0) value += is(e.vr, "UI") ? '\0' : ' ';
    return value;
  }

  Bytes words(const DataElement& e) const {
    Bytes out = e.binary;
    if (out.size() % 2 != 0) out += '\0';
    const size_t width = big_ ? word_bytes(e.vr) : 1;
    for (size_t at = 0; width > 1 && at + width <= out.size(); at += width) {
      std::reverse(out.begin() + static_cast<int64_t>(at),
                   out.begin() + static_cast<int64_t>(at + width));
    }
    return out;
  }

  const Charset& charset_;
  const bool implicit_, big_;
};

}  // namespace

Bytes write_dataset(const DataSet& dataset, const std::vector<std::string>& wanted_charset,
                    std::string_view transfer_syntax) {
  Charset charset;
  std::vector<std::string> term;
  if (!fits(dataset, charset)) {
    term = {"ISO_IR 192"};
    if (const Charset own(wanted_charset);
        !wanted_charset.empty() && own.known() && fits(dataset, own)) {
      term = wanted_charset;
    }
    charset = Charset(term);
  }
  DataSet said = dataset;
  if (!term.empty()) said.set(kSpecificCharacterSet, "CS", term);
  Bytes out;
  Writer(charset, transfer_syntax_or_default(transfer_syntax).encoding).put(said, out);
  return out;
}

}  // namespace medarc::dicom

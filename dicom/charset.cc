#include "dicom/charset.h"

#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <map>
#include <memory>

namespace medarc::dicom {
namespace {

struct Term {
  std::string_view number;   // of "ISO_IR n" and "ISO 2022 IR n"
  const char* converter;     // ICU; what its bytes above 0x7F mean
};

constexpr Term kTerms[] = {
    {"6", ""},             {"100", "ISO-8859-1"}, {"101", "ISO-8859-2"}, {"109", "ISO-8859-3"},
    {"110", "ISO-8859-4"}, {"144", "ISO-8859-5"}, {"127", "ISO-8859-6"}, {"126", "ISO-8859-7"},
    {"138", "ISO-8859-8"}, {"148", "ISO-8859-9"}, {"203", "ISO-8859-15"}, {"13", "JISX0201"},
    {"166", "TIS-620"},    {"87", ""},            {"159", ""},           {"149", "EUC-KR"},
    {"58", "GB2312"}};

// Escape sequences (PS3.3 tables C.12-3 and C.12-4): what they designate.
enum class Half { g0_ascii, g0_romaji, g0_jis208, g0_jis212, g1 };
struct Escape {
  std::string_view sequence;  // after ESC
  Half half;
  const char* converter;      // of g1
  int width;                  // bytes a character
};
constexpr Escape kEscapes[] = {
    {"(B", Half::g0_ascii, "", 1},         {"(J", Half::g0_romaji, "", 1},
    {")I", Half::g1, "JISX0201", 1},       {"$B", Half::g0_jis208, "", 2},
    {"$(D", Half::g0_jis212, "", 2},       {"$)C", Half::g1, "EUC-KR", 2},
    {"$)A", Half::g1, "GB2312", 2},        {"-A", Half::g1, "ISO-8859-1", 1},
    {"-B", Half::g1, "ISO-8859-2", 1},     {"-C", Half::g1, "ISO-8859-3", 1},
    {"-D", Half::g1, "ISO-8859-4", 1},     {"-L", Half::g1, "ISO-8859-5", 1},
    {"-G", Half::g1, "ISO-8859-6", 1},     {"-F", Half::g1, "ISO-8859-7", 1},
    {"-H", Half::g1, "ISO-8859-8", 1},     {"-M", Half::g1, "ISO-8859-9", 1},
    {"-b", Half::g1, "ISO-8859-15", 1},    {"-T", Half::g1, "TIS-620", 1}};

struct ConverterCloser {
  void operator()(UConverter* c) const { ucnv_close(c); }
};

// Converters are costly to open and not thread-safe: one of each a thread.
UConverter* converter(const std::string& name) {
  thread_local std::map<std::string, std::unique_ptr<UConverter, ConverterCloser>> open;
  auto& slot = open[name];
  if (!slot) {
    UErrorCode error = U_ZERO_ERROR;
    slot.reset(ucnv_open(name.c_str(), &error));
  }
  return slot.get();
}

void append_utf8(std::string& out, const UChar* text, int32_t length) {
  for (int32_t i = 0; i < length;) {
    UChar32 c;
    U16_NEXT(text, i, length, c);
    char bytes[4];
    int32_t n = 0;
    U8_APPEND_UNSAFE(bytes, n, c);
    out.append(bytes, static_cast<size_t>(n));
  }
}

// Half-width katakana: 0xA1-0xDF are U+FF61-U+FF9F (JIS X 0201).
void append_katakana(std::string& out, ByteView in, bool& clean) {
  for (const unsigned char c : in) {
    UChar u = 0xFFFD;
    if (c < 0x80) u = c;
    if (c >= 0xA1 && c <= 0xDF) u = static_cast<UChar>(0xFF61 + (c - 0xA1));
    if (u == 0xFFFD) clean = false;
    append_utf8(out, &u, 1);
  }
}

void append_with(std::string& out, const std::string& name, ByteView in, bool& clean) {
  if (in.empty()) return;
  if (name == "JISX0201") return append_katakana(out, in, clean);
  UConverter* c = converter(name);
  std::u16string text(in.size() * 2 + 1, u'\0');
  UErrorCode error = U_ZERO_ERROR;
  ucnv_resetToUnicode(c);
  const int32_t n = ucnv_toUChars(c, text.data(), static_cast<int32_t>(text.size()), in.data(),
                                  static_cast<int32_t>(in.size()), &error);
  if (U_FAILURE(error)) {
    clean = false;
    out += "\xEF\xBF\xBD";
    return;
  }
  for (int32_t i = 0; i < n; ++i) clean = clean && text[i] != 0xFFFD;
  append_utf8(out, text.data(), n);
}

// Valid UTF-8 stays; each wrong byte becomes U+FFFD.
std::string checked_utf8(ByteView in, bool& clean) {
  std::string out;
  const auto* s = reinterpret_cast<const uint8_t*>(in.data());
  const auto length = static_cast<int32_t>(in.size());
  for (int32_t i = 0; i < length;) {
    const int32_t start = i;
    UChar32 c;
    U8_NEXT(s, i, length, c);
    if (c < 0) {
      clean = false;
      out += "\xEF\xBF\xBD";
    } else {
      out.append(in.substr(start, i - start));
    }
  }
  return out;
}

bool plain_ascii(ByteView in) {
  return std::all_of(in.begin(), in.end(),
                     [](unsigned char c) { return c < 0x80 && c != 0x1B; });
}

bool valid_utf8(ByteView in) {
  bool clean = true;
  checked_utf8(in, clean);
  return clean;
}

// Chinese modalities that declare no character set write GBK. It is taken for that when every byte
// above 0x7F pairs up to a hanzi of GB 2312 (rows 16 to 87) and no ASCII letter stands in the same
// name component or word, where a European name has some.
bool plainly_gbk(ByteView in) {
  bool letters = false, hanzi = false;
  for (size_t i = 0; i < in.size(); ++i) {
    const auto c = static_cast<unsigned char>(in[i]);
    if (c >= 0x80) {
      const auto next = static_cast<unsigned char>(i + 1 < in.size() ? in[i + 1] : 0);
      if (c < 0xB0 || c > 0xF7 || next < 0xA1 || next > 0xFE) return false;
      ++i;
      hanzi = true;
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
      letters = true;
    } else if (c == '^' || c == '=' || c == ' ' || c == '\\') {
      letters = hanzi = false;
    }
    if (letters && hanzi) return false;
  }
  return true;
}

// nullptr: not a defined term. Empty means ISO 2022 IR 6 (PS3.3 C.12.1.1.2).
const Term* find_term(std::string_view text) {
  if (text.empty()) text = "IR 6";
  const size_t at = text.find("IR ");
  if (at == std::string_view::npos) return nullptr;
  for (const Term& t : kTerms) {
    if (text.substr(at + 3) == t.number) return &t;
  }
  return nullptr;
}

}  // namespace

Charset::Charset(const std::vector<std::string>& defined_terms) {
  if (defined_terms.empty()) return;
  const std::string& first = defined_terms.front();
  if (first.empty() && defined_terms.size() == 1) return;
  if (first == "ISO_IR 192") kind_ = Kind::utf8;
  if (first == "GB18030" || first == "GBK") {
    kind_ = Kind::gb;
    converter_ = first == "GBK" ? "GBK" : "GB18030";
  }
  if (kind_ != Kind::single) return;
  const bool extended = defined_terms.size() > 1 || first.rfind("ISO 2022", 0) == 0;
  if (extended) kind_ = Kind::iso2022;
  const Term* own = find_term(first);
  if (own != nullptr) converter_ = own->converter;
  // A term that is not known later in the list spoils only what switches to it, but is worth saying.
  known_ = std::all_of(defined_terms.begin(), defined_terms.end(),
                       [](const std::string& term) { return find_term(term) != nullptr; });
}

std::string Charset::decode(ByteView in, bool person_name, bool* clean_out) const {
  bool clean = true;
  std::string out;
  if (kind_ == Kind::utf8) {
    out = checked_utf8(in, clean);
  } else if (plain_ascii(in)) {
    out = in;
  } else if (kind_ == Kind::gb) {
    append_with(out, converter_, in, clean);
  } else if (kind_ == Kind::single) {
    if (converter_.empty()) {
      // ISO_IR 6 with bytes above 0x7F: wrong, but often UTF-8 or GBK in truth; never altered
      // silently.
      if (!valid_utf8(in) && plainly_gbk(in)) {
        append_with(out, "GBK", in, clean);
      } else {
        out = checked_utf8(in, clean);
      }
      clean = false;
    } else {
      append_with(out, converter_, in, clean);
    }
  } else {
    Half g0 = Half::g0_ascii;
    std::string g1 = converter_;
    Bytes run;           // bytes above 0x7F, all of one G1
    auto flush = [&] {
      if (g1.empty()) {
        // No set is designated for them: wrong, and as with ISO_IR 6 most often UTF-8 in truth.
        clean = clean && run.empty();
        out += checked_utf8(run, clean);
      } else {
        append_with(out, g1, run, clean);
      }
      run.clear();
    };
    for (size_t i = 0; i < in.size();) {
      const auto c = static_cast<unsigned char>(in[i]);
      if (c == 0x1B) {
        flush();
        const Escape* found = nullptr;
        for (const Escape& e : kEscapes) {
          if (in.substr(i + 1, e.sequence.size()) == e.sequence) found = &e;
        }
        if (found == nullptr) {
          clean = false;
          ++i;
          continue;
        }
        if (found->half == Half::g1) {
          g1 = found->converter;
        } else {
          g0 = found->half;
        }
        i += 1 + found->sequence.size();
        continue;
      }
      const bool two = (g0 == Half::g0_jis208 || g0 == Half::g0_jis212) && c >= 0x21 && c <= 0x7E;
      if (two && i + 1 < in.size()) {
        flush();
        Bytes euc;
        if (g0 == Half::g0_jis212) euc += '\x8F';
        euc += static_cast<char>(c | 0x80);
        euc += static_cast<char>(in[i + 1] | 0x80);
        append_with(out, "EUC-JP", euc, clean);
        i += 2;
        continue;
      }
      if (c >= 0x80) {
        run += static_cast<char>(c);
        ++i;
        continue;
      }
      flush();
      // Delimiters and controls return to the initial designations (PS3.5 6.1.2.5.3).
      const bool delimiter = c == '\\' || c == '\r' || c == '\n' || c == '\f' || c == '\t' ||
                             (person_name && (c == '^' || c == '='));
      if (delimiter) {
        g0 = Half::g0_ascii;
        g1 = converter_;
      }
      if (g0 == Half::g0_romaji && c == '~') {
        out += "\xE2\x80\xBE";  // overline
      } else {
        out += static_cast<char>(c);
      }
      ++i;
    }
    flush();
  }
  if (clean_out != nullptr) *clean_out = clean;
  return out;
}

std::optional<Bytes> Charset::encode(std::string_view utf8) const {
  if (plain_ascii(utf8) || kind_ == Kind::utf8) return Bytes(utf8);
  const bool writable = kind_ == Kind::gb || (kind_ == Kind::single && !converter_.empty());
  if (!writable || !valid_utf8(utf8) || converter_ == "JISX0201") return std::nullopt;
  const icu::UnicodeString text = icu::UnicodeString::fromUTF8(utf8);
  UConverter* c = converter(converter_);
  UErrorCode error = U_ZERO_ERROR;
  ucnv_resetFromUnicode(c);
  ucnv_setFromUCallBack(c, UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  Bytes out(static_cast<size_t>(text.length()) * 4 + 16, '\0');
  const int32_t n = ucnv_fromUChars(c, out.data(), static_cast<int32_t>(out.size()),
                                    text.getBuffer(), text.length(), &error);
  if (U_FAILURE(error)) return std::nullopt;
  out.resize(static_cast<size_t>(n));
  return out;
}

std::vector<std::string> character_sets() {
  // Two bytes a character: by code extension only.
  constexpr std::string_view kWide[] = {"87", "159", "149", "58"};
  std::vector<std::string> out;
  for (const Term& t : kTerms) {
    if (std::find(std::begin(kWide), std::end(kWide), t.number) == std::end(kWide)) {
      out.push_back("ISO_IR " + std::string(t.number));
    }
    out.push_back("ISO 2022 IR " + std::string(t.number));
  }
  for (const char* term : {"ISO_IR 192", "GB18030", "GBK"}) out.emplace_back(term);
  return out;
}

}  // namespace medarc::dicom

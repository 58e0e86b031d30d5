#include "dicom/senders/readings.h"

#include <unicode/uchar.h>
#include <unicode/ucnv.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "dicom/senders/frequent_characters.h"

namespace medarc::dicom::senders {
namespace {

constexpr TextEncoding kSuspected[] = {
    {"ISO_IR 192", "UTF-8", Script::any},
    {"GB18030", "GB18030", Script::chinese},
    {"Shift_JIS", "Shift_JIS", Script::japanese},
    {"EUC-KR", "EUC-KR", Script::korean},
    {"windows-1251", "windows-1251", Script::cyrillic},
    {"KOI8-R", "KOI8-R", Script::cyrillic, 0.8},
    {"ISO_IR 144", "ISO-8859-5", Script::cyrillic, 0.8},
    {"windows-1253", "windows-1253", Script::greek},
    {"windows-1255", "windows-1255", Script::hebrew, 0.8},
    {"windows-1256", "windows-1256", Script::arabic, 0.8},
    {"ISO_IR 100", "ISO-8859-1", Script::latin},
    {"windows-1252", "windows-1252", Script::latin},
    {"windows-1250", "windows-1250", Script::latin, 0.8},
    {"windows-1254", "windows-1254", Script::latin, 0.8},
};
// What an operator may also name.
constexpr TextEncoding kOthers[] = {
    {"GBK", "GBK", Script::chinese},
    {"UTF-8", "UTF-8", Script::any},
    {"EUC-JP", "EUC-JP", Script::japanese},
    {"ISO_IR 101", "ISO-8859-2", Script::latin},
    {"ISO_IR 109", "ISO-8859-3", Script::latin},
    {"ISO_IR 110", "ISO-8859-4", Script::latin},
    {"ISO_IR 126", "ISO-8859-7", Script::greek},
    {"ISO_IR 127", "ISO-8859-6", Script::arabic},
    {"ISO_IR 138", "ISO-8859-8", Script::hebrew},
    {"ISO_IR 148", "ISO-8859-9", Script::latin},
    {"ISO_IR 166", "TIS-620", Script::any},
    {"ISO_IR 203", "ISO-8859-15", Script::latin},
};

struct Closer {
  void operator()(UConverter* c) const { ucnv_close(c); }
};

// Strict ones, apart from those that replace what they cannot read. One of each a thread.
UConverter* converter(std::string_view name) {
  thread_local std::map<std::string, std::unique_ptr<UConverter, Closer>, std::less<>> open;
  auto at = open.find(name);
  if (at == open.end()) {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<UConverter, Closer> made(ucnv_open(std::string(name).c_str(), &error));
    if (made) {
      ucnv_setToUCallBack(made.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
    }
    at = open.emplace(std::string(name), std::move(made)).first;
  }
  return at->second.get();
}

bool means_something(UChar32 c) {
  if (c < 0x80) return true;
  if (c < 0xA0 || c == 0xFFFD) return false;
  const int8_t type = u_charType(c);
  return type != U_UNASSIGNED && type != U_PRIVATE_USE_CHAR && type != U_SURROGATE;
}

template <class F>
void for_each_character(std::string_view utf8, F visit) {
  const auto* s = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto length = static_cast<int32_t>(utf8.size());
  for (int32_t i = 0; i < length;) {
    UChar32 c;
    U8_NEXT(s, i, length, c);
    visit(c < 0 ? UChar32{0xFFFD} : c);
  }
}

UChar32 folded(UChar32 c) { return u_tolower(c); }

constexpr double kBesideSmallLetter = 0.3;

// A character with the bytes it was read from.
struct Wide {
  char32_t code = 0;
  uint8_t lead = 0, trail = 0;
  int bytes = 1;
};

int bytes_of(const TextEncoding& e, uint8_t lead, uint8_t next) {
  if (lead < 0x80) return 1;
  if (e.converter == "Shift_JIS") return lead >= 0xA1 && lead <= 0xDF ? 1 : 2;
  if (e.converter == "EUC-JP") return lead == 0x8F ? 3 : 2;
  if (e.script == Script::chinese) return next >= 0x30 && next <= 0x39 ? 4 : 2;
  return 2;
}

bool small_letter(uint8_t c) { return c >= 'a' && c <= 'z'; }

// Signs and full-width forms: in every East Asian text, and proof of nothing.
bool is_sign(char32_t c) { return (c >= 0x3000 && c < 0x3040) || (c >= 0xFF00 && c < 0xFF61); }
bool is_kana(char32_t c) { return c >= 0x3041 && c < 0x3100; }

// GB 2312 has its common characters in rows 16 to 55 and puts nothing below 0xA1; a letter as
// second byte is what a misread Western name looks like.
double chinese_weight(const Wide& w) {
  if (w.bytes == 4) return 0.15;
  if (w.trail < 0x80) return 0.05;
  if (is_frequent(Script::chinese, w.code)) return 1;
  if (w.lead < 0xA1 || w.trail < 0xA1) return 0.15;
  if (w.lead >= 0xB0 && w.lead <= 0xD7) return 0.65;
  return w.lead >= 0xD8 && w.lead <= 0xF7 ? 0.35 : 0.1;
}

double korean_weight(const Wide& w) {
  if (is_frequent(Script::korean, w.code)) return 1;
  if (w.lead >= 0xB0 && w.lead <= 0xC8) return 0.5;
  return w.lead >= 0xCA && w.lead <= 0xFD ? 0.2 : 0.1;
}

double japanese_weight(const TextEncoding& e, const Wide& w) {
  if (w.bytes == 1 || w.lead == 0x8E) return 0.45;  // half-width katakana
  if (is_kana(w.code) || is_frequent(Script::japanese, w.code)) return 1;
  const uint8_t level_2 = e.converter == "EUC-JP" ? 0xD0 : 0x98;
  const uint8_t level_1 = e.converter == "EUC-JP" ? 0xB0 : 0x88;
  if (w.bytes == 3 || w.lead < level_1) return 0.1;
  return w.lead < level_2 ? 0.6 : 0.25;
}

double east_asian(const TextEncoding& e, ByteView bytes, std::string_view utf8) {
  std::vector<char32_t> codes;
  for_each_character(utf8, [&](UChar32 c) { codes.push_back(static_cast<char32_t>(c)); });
  double sum = 0;
  size_t counted = 0, character = 0;
  for (size_t i = 0; i < bytes.size() && character < codes.size(); ++character) {
    const auto at = [&](size_t k) { return static_cast<uint8_t>(k < bytes.size() ? bytes[k] : 0); };
    Wide w;
    w.code = codes[character];
    w.lead = at(i);
    w.bytes = bytes_of(e, w.lead, at(i + 1));
    w.trail = w.bytes > 1 ? at(i + 1) : 0;
    const bool beside =
        (i > 0 && small_letter(at(i - 1))) || small_letter(at(i + static_cast<size_t>(w.bytes)));
    i += static_cast<size_t>(w.bytes);
    if (w.lead < 0x80 || is_sign(w.code)) continue;
    const double weight = e.script == Script::chinese  ? chinese_weight(w)
                          : e.script == Script::korean ? korean_weight(w)
                                                       : japanese_weight(e, w);
    // "CT" may stand beside an ideograph; a small letter is what a misread European word leaves.
    sum += beside ? weight * kBesideSmallLetter : weight;
    ++counted;
  }
  return counted == 0 ? 0 : sum / static_cast<double>(counted);
}

// A run of letters and digits.
struct Word {
  std::vector<UChar32> characters;
  size_t wide = 0;
};

std::vector<Word> words_of(std::string_view utf8) {
  std::vector<Word> out(1);
  for_each_character(utf8, [&](UChar32 c) {
    const bool inside = c >= 0x80 ? !u_isUWhiteSpace(c) && c != 0xA0 : u_isalnum(c) != 0;
    if (!inside) {
      if (!out.back().characters.empty()) out.emplace_back();
      return;
    }
    out.back().characters.push_back(c);
    out.back().wide += c >= 0x80;
  });
  return out;
}

// ALL, all or All.
bool cased_as_words_are(const Word& word) {
  bool small = false;
  for (const UChar32 c : word.characters) {
    if (small && u_isupper(c)) return false;
    small = small || u_islower(c);
  }
  return true;
}

bool written_in(const Word& word, UScriptCode script) {
  return std::all_of(word.characters.begin(), word.characters.end(), [&](UChar32 c) {
    UErrorCode error = U_ZERO_ERROR;
    return u_isdigit(c) || uscript_getScript(c, &error) == script;
  });
}

bool pronounceable(const Word& word, Script script) {
  int vowels = 0, consonants_running = 0, longest = 0;
  for (const UChar32 c : word.characters) {
    const bool vowel = is_vowel(script, static_cast<char32_t>(folded(c)));
    vowels += vowel;
    consonants_running = vowel ? 0 : consonants_running + 1;
    longest = std::max(longest, consonants_running);
  }
  return word.characters.size() < 3 || (vowels > 0 && longest <= 5);
}

double word_likelihood(const Word& word, Script script) {
  static constexpr std::pair<Script, UScriptCode> kCodes[] = {{Script::cyrillic, USCRIPT_CYRILLIC},
                                                              {Script::greek, USCRIPT_GREEK},
                                                              {Script::hebrew, USCRIPT_HEBREW},
                                                              {Script::arabic, USCRIPT_ARABIC}};
  size_t frequent = 0;
  for (const UChar32 c : word.characters) {
    frequent += is_frequent(script, static_cast<char32_t>(folded(c)));
  }
  const double usual = static_cast<double>(frequent) / static_cast<double>(word.wide);
  if (script == Script::latin) {
    std::string utf8;
    for (const UChar32 c : word.characters) {
      char bytes[4];
      int32_t n = 0;
      U8_APPEND_UNSAFE(bytes, n, c);
      utf8.append(bytes, static_cast<size_t>(n));
    }
    const bool letters = std::all_of(word.characters.begin(), word.characters.end(),
                                     [](UChar32 c) { return u_isalnum(c); });
    return letters && looks_written(utf8) ? 0.3 + 0.7 * usual : 0.1;
  }
  for (const auto& [of, code] : kCodes) {
    if (of == script && !written_in(word, code)) return 0.1;
  }
  if (!cased_as_words_are(word)) return 0.1;
  double out = 0.3 + 0.7 * std::min(1.0, usual / 0.6);
  const bool cased = script == Script::cyrillic || script == Script::greek;
  if (cased && !pronounceable(word, script)) out *= 0.2;
  // Names and titles begin with a capital, most of what else is written does not: a weak sign.
  if (cased && u_islower(word.characters.front())) out *= 0.8;
  return out;
}

double alphabetic(Script script, std::string_view utf8) {
  double sum = 0;
  size_t counted = 0;
  for (const Word& word : words_of(utf8)) {
    // A dash or a degree sign by itself is of every language.
    const bool letters = std::any_of(word.characters.begin(), word.characters.end(),
                                     [](UChar32 c) { return u_isalpha(c); });
    if (word.wide == 0 || !letters) continue;
    sum += static_cast<double>(word.wide) * word_likelihood(word, script);
    counted += word.wide;
  }
  return counted == 0 ? 0 : sum / static_cast<double>(counted);
}

// Its form alone proves nearly everything; what it says only tells it from short chance hits.
double of_utf8(std::string_view utf8) {
  double sum = 0;
  size_t counted = 0;
  for_each_character(utf8, [&](UChar32 c) {
    if (c < 0x80) return;
    ++counted;
    UErrorCode error = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(c, &error);
    const bool common = script == USCRIPT_LATIN || script == USCRIPT_HAN ||
                        script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
                        script == USCRIPT_HANGUL || script == USCRIPT_CYRILLIC ||
                        script == USCRIPT_GREEK;
    sum += common ? 1 : u_isalpha(c) ? 0.7 : 0.5;
  });
  return counted == 0 ? 0 : sum / static_cast<double>(counted);
}

}  // namespace

std::span<const TextEncoding> suspected_encodings() { return kSuspected; }

const TextEncoding* find_encoding(std::string_view name) {
  for (const TextEncoding& e : kSuspected) {
    if (e.name == name) return &e;
  }
  for (const TextEncoding& e : kOthers) {
    if (e.name == name) return &e;
  }
  return nullptr;
}

std::optional<std::string> read_strictly(const TextEncoding& encoding, ByteView bytes) {
  if (bytes.size() > INT32_MAX / 4) return std::nullopt;
  UConverter* c = converter(encoding.converter);
  if (c == nullptr) return std::nullopt;
  std::u16string text(bytes.size() * 2 + 1, u'\0');
  UErrorCode error = U_ZERO_ERROR;
  ucnv_resetToUnicode(c);
  const int32_t n = ucnv_toUChars(c, text.data(), static_cast<int32_t>(text.size()), bytes.data(),
                                  static_cast<int32_t>(bytes.size()), &error);
  if (U_FAILURE(error)) return std::nullopt;
  std::string out;
  for (int32_t i = 0; i < n;) {
    UChar32 code;
    U16_NEXT(text.data(), i, n, code);
    if (!means_something(code)) return std::nullopt;
    char utf8[4];
    int32_t size = 0;
    U8_APPEND_UNSAFE(utf8, size, code);
    out.append(utf8, static_cast<size_t>(size));
  }
  return out;
}

double likelihood(const TextEncoding& encoding, ByteView bytes, std::string_view utf8) {
  switch (encoding.script) {
    case Script::any: return encoding.prior * of_utf8(utf8);
    case Script::chinese:
    case Script::japanese:
    case Script::korean: return encoding.prior * east_asian(encoding, bytes, utf8);
    case Script::cyrillic:
    case Script::greek:
    case Script::hebrew:
    case Script::arabic:
    case Script::latin: break;
  }
  return encoding.prior * alphabetic(encoding.script, utf8);
}

bool looks_written(std::string_view utf8) {
  for (const Word& word : words_of(utf8)) {
    if (word.wide < 2) continue;
    if (!cased_as_words_are(word)) return false;
    size_t running = 0;
    bool sign_before = false, wide_before = false;
    for (const UChar32 c : word.characters) {
      const bool wide = c >= 0x80;
      const bool mark = (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
      const bool sign = wide && !u_isalnum(c) && !mark;
      if (wide && wide_before && (sign || sign_before)) return false;
      UErrorCode error = U_ZERO_ERROR;
      const bool latin = wide && uscript_getScript(c, &error) == USCRIPT_LATIN;
      running = latin ? running + 1 : 0;
      if (running > 3) return false;
      sign_before = sign;
      wide_before = wide;
    }
  }
  return true;
}

size_t wide_characters(std::string_view utf8) {
  size_t out = 0;
  for_each_character(utf8, [&](UChar32 c) { out += c >= 0x80; });
  return out;
}

}  // namespace medarc::dicom::senders

#include "index/name_words.h"

#include <unicode/normalizer2.h>
#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <memory>

namespace medarc::index {
namespace {

constexpr size_t kHanSuffixesMax = 8;  // a longer run is no name

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

bool is_han(UChar32 c) {
  return (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x3FFFF);
}

icu::UnicodeString unicode(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}

std::string utf8(const icu::UnicodeString& text) {
  std::string out;
  return text.toUTF8String(out);
}

// Readings as Latin letters without tones: 王 is wang.
std::string latin(const icu::UnicodeString& han) {
  static const std::unique_ptr<icu::Transliterator> prototype = [] {
    UErrorCode status = U_ZERO_ERROR;
    return std::unique_ptr<icu::Transliterator>(
        icu::Transliterator::createInstance("Han-Latin; Latin-ASCII", UTRANS_FORWARD, status));
  }();
  if (prototype == nullptr) return {};
  // A Transliterator serves one thread at a time.
  thread_local const std::unique_ptr<icu::Transliterator> own(prototype->clone());
  icu::UnicodeString text = han;
  own->transliterate(text);
  std::string out = fold_name(utf8(text));
  std::erase(out, ' ');
  return out;
}

bool separates(char c) { return std::string_view("^=,-' \t\\").find(c) != std::string_view::npos; }

enum class Ends { all, whole };

// A word, and when it is of Han characters its reading, and each of its ends (小明 of 王小明)
// alike.
void add_word(const std::string& word, Ends ends, std::vector<std::string>& out) {
  if (word.empty()) return;
  out.push_back(word);
  if (ascii(word)) return;
  const icu::UnicodeString text = unicode(word);
  int32_t characters = 0;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    if (!is_han(text.char32At(i)) || ++characters > static_cast<int32_t>(kHanSuffixesMax)) return;
  }
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    if (i > 0 && ends == Ends::whole) return;
    const icu::UnicodeString end = text.tempSubString(i);
    if (i > 0) out.push_back(utf8(end));
    if (std::string reading = latin(end); !reading.empty()) out.push_back(std::move(reading));
  }
}

void sort_unique(std::vector<std::string>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

std::string fold_name(std::string_view text) {
  std::string out;
  if (ascii(text)) {
    out.reserve(text.size());
    for (char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  } else {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* casefold = icu::Normalizer2::getNFKCCasefoldInstance(status);
    const icu::Normalizer2* apart = icu::Normalizer2::getNFDInstance(status);
    const icu::UnicodeString folded = casefold->normalize(unicode(text), status);
    const icu::UnicodeString letters = apart->normalize(folded, status);
    if (U_FAILURE(status)) return std::string(text);
    icu::UnicodeString plain;
    for (int32_t i = 0; i < letters.length(); i = letters.moveIndex32(i, 1)) {
      const UChar32 c = letters.char32At(i);
      if (c >= 0x0300 && c <= 0x036F) continue;
      // Letters that carry their stroke inside have no decomposition.
      switch (c) {
        case 0x00F8: plain.append(static_cast<char16_t>('o')); break;
        case 0x0142: plain.append(static_cast<char16_t>('l')); break;
        case 0x0111: plain.append(static_cast<char16_t>('d')); break;
        case 0x0131: plain.append(static_cast<char16_t>('i')); break;
        case 0x00E6: plain.append(u"ae", 2); break;
        case 0x0153: plain.append(u"oe", 2); break;
        case 0x00FE: plain.append(u"th", 2); break;
        default: plain.append(c);
      }
    }
    icu::Normalizer2::getNFCInstance(status)->normalize(plain, status).toUTF8String(out);
  }
  // Runs of blanks are one blank.
  std::string tidy;
  for (char c : out) {
    if (c == ' ' && (tidy.empty() || tidy.back() == ' ')) continue;
    tidy += c;
  }
  if (!tidy.empty() && tidy.back() == ' ') tidy.pop_back();
  return tidy;
}

std::vector<std::string> split_name(std::string_view text) {
  const std::string folded = fold_name(text);
  std::vector<std::string> out;
  for (size_t at = 0; at < folded.size();) {
    size_t end = at;
    while (end < folded.size() && !separates(folded[end])) ++end;
    if (end > at) out.push_back(folded.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::vector<std::string> name_words(std::string_view pn) {
  // Asked for the same name again with every image of a study.
  thread_local std::string last;
  thread_local std::vector<std::string> found;
  if (pn == last) return found;
  std::vector<std::string> out;
  for (std::string_view rest = pn;;) {
    const size_t end = std::min(rest.find('='), rest.size());
    const std::string_view group = rest.substr(0, end);
    for (const std::string& word : split_name(group)) add_word(word, Ends::all, out);
    // The family and given names written together, in either order.
    const size_t family_end = std::min(group.find('^'), group.size());
    const size_t middle = std::min(group.find('^', family_end + 1), group.size());
    const size_t given_end = std::min(group.find('^', middle + 1), group.size());
    std::string one = fold_name(group.substr(0, family_end));
    std::string two = fold_name(group.substr(family_end, given_end - family_end));
    std::erase(one, ' ');
    std::erase_if(two, [](char c) { return c == ' ' || c == '^'; });
    if (!one.empty() && !two.empty()) {
      for (const std::string& word : split_name(one + two)) add_word(word, Ends::all, out);
      for (const std::string& word : split_name(two + one)) add_word(word, Ends::whole, out);
    }
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  sort_unique(out);
  last = pn;
  found = out;
  return out;
}

}  // namespace medarc::index

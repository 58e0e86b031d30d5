#include "dicom/senders/doctor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "dicom/charset.h"
#include "dicom/senders/readings.h"
#include "dicom/senders/text_elements.h"
#include "dicom/values.h"

namespace medarc::dicom::senders {
namespace {

constexpr size_t kRemembered = 64, kRememberedBytesMax = 4096;

// ISO 8859 has controls there, which no text holds.
bool has_controls(std::string_view utf8) {
  for (size_t i = 0; i + 1 < utf8.size(); ++i) {
    if (utf8[i] == '\xC2' && static_cast<unsigned char>(utf8[i + 1]) < 0xA0) return true;
  }
  return false;
}

bool one_byte_a_character(const std::vector<std::string>& terms) {
  return terms.empty() || (terms.size() == 1 && terms[0] != "ISO_IR 192" && terms[0] != "GB18030" &&
                           terms[0] != "GBK");
}

struct Opinion {
  const TextEncoding* encoding;
  std::string utf8;
  double likelihood;
};

// How much can be known of so little.
double ceiling(const TextEncoding& encoding, size_t characters) {
  static constexpr std::array<double, 7> kIdeographs = {0, 40, 65, 80, 88, 92, 97},
                                         kLetters = {0, 25, 35, 45, 60, 75, 85},
                                         kUtf8 = {0, 75, 92, 97, 99, 99, 99};
  const size_t n = std::min<size_t>(characters, 6);
  switch (encoding.script) {
    case Script::any: return kUtf8[n];
    case Script::chinese:
    case Script::japanese:
    case Script::korean: return kIdeographs[n];
    // Beside ASCII letters one accent is enough to know a European name.
    case Script::latin: return std::min(90.0, 55.0 + 10.0 * static_cast<double>(n));
    case Script::cyrillic:
    case Script::greek:
    case Script::hebrew:
    case Script::arabic: break;
  }
  return characters >= 10 ? 95 : kLetters[n];
}

bool is_gb(std::string_view declared) { return declared == "GB18030" || declared == "GBK"; }

void decide(Diagnosis& out, ByteView all, const std::string& declared_utf8,
            const DoctorLimits& limits) {
  std::vector<Opinion> opinions;
  for (const TextEncoding& e : suspected_encodings()) {
    // GB 18030 reads nearly everything, so only what proves itself by its form is put against it.
    if (out.fits && is_gb(out.declared) && e.script != Script::any) continue;
    auto utf8 = read_strictly(e, all);
    // What says the same as what is declared is no other opinion.
    if (!utf8 || (out.fits && *utf8 == declared_utf8)) continue;
    const double likely = likelihood(e, all, *utf8);
    if (likely > 0) opinions.push_back({&e, std::move(*utf8), likely});
  }
  const auto best = std::max_element(
      opinions.begin(), opinions.end(),
      [](const Opinion& a, const Opinion& b) { return a.likelihood < b.likelihood; });
  if (best == opinions.end()) return;
  // Sharpened, so that a reading half as likely hardly counts.
  double sum = 0.01;
  const TextEncoding* declared = out.fits ? find_encoding(out.declared) : nullptr;
  if (declared != nullptr) sum += std::pow(likelihood(*declared, all, declared_utf8), 5);
  for (const Opinion& o : opinions) {
    if (&o == &*best || o.utf8 != best->utf8) sum += std::pow(o.likelihood, 5);
  }
  const double share = std::pow(best->likelihood, 5) / sum;
  const double most = ceiling(*best->encoding, wide_characters(best->utf8));
  out.confidence = static_cast<int>(most * share * std::min(1.0, best->likelihood + 0.2));
  // A declared set that can be read is doubted for good reasons only.
  const int wanted = out.fits ? limits.confidence_min : std::min(limits.confidence_min, 50);
  if (out.confidence < wanted) return;
  out.encoding = best->encoding->name;
  out.doubted = true;
}

Diagnosis examine(const std::vector<std::string>& declared_terms, const std::string& declared,
                  const std::vector<ByteView>& texts, const std::string& all,
                  const DoctorLimits& limits) {
  Diagnosis out;
  out.declared = declared;
  const Charset charset(declared_terms);
  out.known_terms = charset.known();
  std::string utf8;
  for (const ByteView text : texts) {
    bool clean = true;
    utf8 += charset.decode(text, true, &clean) + '\n';
    out.fits = out.fits && clean;
  }
  const bool single = one_byte_a_character(declared_terms);
  if (single && has_controls(utf8)) out.fits = false;
  if (out.fits) {
    if (!is_gb(declared) && (!single || looks_written(utf8))) return out;
  }
  decide(out, all, utf8, limits);
  return out;
}

}  // namespace

Diagnosis diagnose(const std::vector<std::string>& declared_terms,
                   const std::vector<ByteView>& texts, const DoctorLimits& limits) {
  struct Remembered {
    std::string text;
    Diagnosis diagnosis;
  };
  thread_local std::unordered_map<std::string, Diagnosis> remembered;
  std::vector<ByteView> looked_at;
  std::string all;
  for (const ByteView text : texts) {
    if (!looked_at.empty() && all.size() + text.size() > limits.text_bytes_max) break;
    if (text.size() > limits.text_bytes_max) continue;
    looked_at.push_back(text);
    all.append(text);
    all += '\n';
  }
  const std::string declared = joined(declared_terms);
  if (looked_at.empty()) {
    Diagnosis out;
    out.declared = declared;
    return out;
  }
  const bool short_enough = all.size() <= kRememberedBytesMax;
  const std::string key =
      short_enough ? declared + '\0' + std::to_string(limits.confidence_min) + '\0' + all : "";
  if (const auto known = remembered.find(key); short_enough && known != remembered.end()) {
    return known->second;
  }
  Diagnosis out = examine(declared_terms, declared, looked_at, all, limits);
  if (short_enough) {
    if (remembered.size() >= kRemembered) remembered.clear();
    remembered.emplace(key, out);
  }
  return out;
}

Diagnosis diagnose(const Scanner& scanner, const DoctorLimits& limits) {
  std::vector<ByteView> texts;
  // Items may name a set of their own; what stands in them is that one's.
  uint8_t own_set_depth = 0;  // 0: outside of such an item
  for (const Element& e : scanner.elements()) {
    const bool next_item = e.kind == Element::Kind::item && e.depth == own_set_depth;
    if (e.depth < own_set_depth || next_item) own_set_depth = 0;
    if (e.kind != Element::Kind::value || !e.held) continue;
    if (e.tag == kSpecificCharacterSet && own_set_depth == 0) own_set_depth = e.depth;
    if (own_set_depth > 0 || !has_charset(known_vr(e))) continue;
    const ByteView value = scanner.value(e);
    if (beyond_ascii(value)) texts.push_back(value);
  }
  if (texts.empty()) return {};
  std::vector<std::string> terms;
  if (const Element* e = scanner.find(kSpecificCharacterSet)) {
    terms = values_of({'C', 'S'}, scanner.value(*e), false, Charset())
                .value_or(std::vector<std::string>());
  }
  return diagnose(terms, texts, limits);
}

std::string summary(const Diagnosis& diagnosis) {
  if (diagnosis.declared.empty()) return diagnosis.encoding + ", without a character set";
  const bool known = diagnosis.known_terms;
  return diagnosis.encoding + ", declared as " + (known ? diagnosis.declared : "an unknown set");
}

std::string grounds(const Diagnosis& diagnosis) {
  return "confidence " + std::to_string(diagnosis.confidence) +
         " per cent, by strict reading in every suspected encoding and the share of usual "
         "characters";
}

}  // namespace medarc::dicom::senders

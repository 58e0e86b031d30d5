#include "dicom/matching.h"

#include <algorithm>

#include "dicom/extra_attributes.h"
#include "index/name_words.h"

namespace medarc::dicom {
namespace {

using index::Kind;
using index::Term;
using index::TermOp;

Error bad(std::string text) { return make_error(Code::invalid_argument, std::move(text)); }

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

bool is_vr(const Vr& vr, std::string_view list) {
  for (size_t i = 0; i + 1 < list.size(); i += 3) {
    if (list.substr(i, 2) == text_of(vr)) return true;
  }
  return false;
}

std::vector<std::string> split_values(std::string_view text, std::string_view separators) {
  std::vector<std::string> out;
  while (true) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    const std::string_view piece = trim(text.substr(0, end));
    if (!piece.empty()) out.emplace_back(piece);
    if (end == text.size()) return out;
    text.remove_prefix(end + 1);
  }
}

// "20200101-0500" is a time with its zone, not a range.
bool zone_follows(const Vr& vr, std::string_view text, size_t dash) {
  const std::string_view zone = text.substr(dash + 1);
  return is(vr, "DT") && dash >= 4 && zone.size() == 4 && zone <= "1400" &&
         std::all_of(zone.begin(), zone.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr std::pair<uint32_t, Level> kDerived[] = {
    {0x00080061, Level::study}, {0x00080062, Level::study},  {0x00201206, Level::study},
    {0x00201208, Level::study}, {0x00201209, Level::series}, {0x00083002, Level::instance},
};

}  // namespace

Level matching_level(Tag tag) {
  for (const auto& [value, level] : kDerived) {
    if (value == tag.value) return level;
  }
  // Character sets are no key (M9); the others are made for each answer.
  for (const uint32_t made :
       {0x00080005u, 0x00080052u, 0x00080054u, 0x00080056u, 0x00080058u, 0x00081190u}) {
    if (tag.value == made) return Level::none;
  }
  const Level level = level_of(tag);
  const uint32_t group = tag.value >> 16;
  return level == Level::none && group >= 0x0008 && group < 0xFFFC ? Level::instance : level;
}

Level matching_level(Tag tag, std::string_view creator, const ExtraAttributes& extras) {
  const ExtraAttribute* extra = rows_hold(tag) ? nullptr : extras.root(tag, creator);
  return extra == nullptr ? matching_level(tag) : extra->level;
}

bool rows_hold(Tag tag) {
  return level_of(tag) != Level::none ||
         std::any_of(std::begin(kDerived), std::end(kDerived),
                     [&](const auto& derived) { return derived.first == tag.value; });
}

bool reachable(Level level, Kind kind) {
  switch (level) {
    case Level::patient: return true;
    case Level::study: return kind != Kind::patient;
    case Level::series: return kind == Kind::series || kind == Kind::instance;
    case Level::instance: return kind == Kind::instance;
    case Level::none: return false;
  }
  return false;
}

bool can_match(const Vr& vr) { return !is_vr(vr, "SQ,OB,OW,OF,OD,OL,OV,UN"); }

std::vector<std::vector<Term>> fuzzy_name_terms(Tag tag, std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    if (c == '*' || c == '?') c = ' ';  // the begin of a word is what is looked for anyway
  }
  std::vector<std::vector<Term>> out;
  for (std::string& word : index::split_name(plain)) {
    out.push_back({{tag, TermOp::begins, {std::move(word)}}});
  }
  return out;
}

// Nullopt: matches everything (M7), so there is no condition.
Result<std::optional<Term>> matching_term(Tag tag, const Vr& vr, std::string_view text,
                                          const Matching& how) {
  using Made = std::optional<Term>;
  if (how.empty_values && text == "\"\"") return Made(Term{tag, TermOp::empty, {}});
  text = trim(text);
  if (text.empty()) return Made();
  if (is_vr(vr, "DA,TM,DT")) {
    const size_t dash = vr[1] == 'T' && vr[0] == 'D' ? text.rfind('-') : text.find('-');
    if (dash != std::string_view::npos && !zone_follows(vr, text, dash)) {
      const std::string low(trim(text.substr(0, dash))), high(trim(text.substr(dash + 1)));
      if (low.empty() && high.empty()) return bad("a range without bounds");
      if (high.find('-') != std::string::npos) {
        return bad("a range has more than two bounds");
      }
      return Made(Term{tag, TermOp::range, {low, high}});
    }
    return Made(Term{tag, TermOp::equal, {std::string(text)}});
  }
  const bool list_by_comma = how.comma_lists && is_vr(vr, "UI,CS");
  auto values = split_values(text, list_by_comma ? "\\," : "\\");
  if (values.size() > kMatchValuesMax) {
    return bad("a list has more than " + std::to_string(kMatchValuesMax) + " values");
  }
  if (values.empty()) return Made();
  if (values.size() > 1) {
    const bool all = how.all_values && !is(vr, "UI");
    return Made(Term{tag, all ? TermOp::all_of : TermOp::equal, std::move(values)});
  }
  // M2, M3: in other VRs these characters mean themselves.
  const bool wild = is_vr(vr, "AE,CS,LO,LT,PN,SH,ST,UC,UR,UT") &&
                    values[0].find_first_of("*?") != std::string::npos;
  if (wild && values[0].find_first_not_of('*') == std::string::npos) return Made();
  return Made(Term{tag, wild ? TermOp::wildcard : TermOp::equal, std::move(values)});
}

}  // namespace medarc::dicom

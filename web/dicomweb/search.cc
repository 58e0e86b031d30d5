#include "web/dicomweb/search.h"

#include <algorithm>
#include <map>

#include "dicom/dictionary.h"
#include "dicom/levels.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using dicom::Level;
using index::Kind;
using index::Tag;
using index::Term;
using index::TermOp;

constexpr size_t kKeysMax = 100;        // search keys in one query
constexpr size_t kValuesMax = 10'000;   // of one key's list
constexpr size_t kNamedBytesMax = 100;  // of a peer's text in a warning

Error bad(std::string text) { return make_error(Code::invalid_argument, std::move(text)); }

// Attributes that rows derive and level_of() does not place.
constexpr std::pair<uint32_t, Level> kDerived[] = {
    {0x00080061, Level::study}, {0x00080062, Level::study},  {0x00201206, Level::study},
    {0x00201208, Level::study}, {0x00201209, Level::series}, {0x00083002, Level::instance},
};

Level level_of(Tag tag) {
  for (const auto& [value, level] : kDerived) {
    if (value == tag.value) return level;
  }
  return dicom::level_of(tag);
}

bool reachable(Level level, Kind kind) {
  switch (level) {
    case Level::patient:
    case Level::study: return true;
    case Level::series: return kind != Kind::study;
    case Level::instance: return kind == Kind::instance;
    case Level::none: return false;
  }
  return false;
}

// A peer's key, fit for a header value.
std::string named(std::string_view key) {
  std::string out;
  for (const char c : key.substr(0, kNamedBytesMax)) {
    out += c > 0x20 && c < 0x7F && c != '"' && c != '\\' ? c : '?';
  }
  return out;
}

bool is_vr(const dicom::Vr& vr, std::string_view list) {
  for (size_t i = 0; i + 1 < list.size(); i += 3) {
    if (list.substr(i, 2) == dicom::text_of(vr)) return true;
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
bool zone_follows(const dicom::Vr& vr, std::string_view text, size_t dash) {
  const std::string_view zone = text.substr(dash + 1);
  return dicom::is(vr, "DT") && dash >= 4 && zone.size() == 4 && zone <= "1400" &&
         parse_decimal(zone).has_value();
}

struct Modes {
  bool fuzzy = false, empty_values = false, all_values = false;
};

// Words of a person name, whatever stands between them.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : name) {
    if (std::string_view("^= ,*?").find(c) == std::string_view::npos) {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

// One more condition for each word: it begins a word of some component.
void add_fuzzy(Tag tag, std::string_view value, index::Query& query) {
  for (const std::string& word : words_of(value)) {
    std::vector<Term> any;
    for (const char* before : {"", "*^", "* ", "*-", "*="}) {
      any.push_back({tag, TermOp::wildcard, {before + word + "*"}});
    }
    query.all_of_any.push_back(std::move(any));
  }
}

// Nullopt: matches everything (M7), so there is no condition.
Result<std::optional<Term>> term_of(Tag tag, const dicom::Vr& vr, std::string_view text,
                                    const Modes& modes) {
  using Made = std::optional<Term>;
  if (modes.empty_values && text == "\"\"") return Made(Term{tag, TermOp::empty, {}});
  text = trim(text);
  if (text.empty()) return Made();
  if (is_vr(vr, "DA,TM,DT")) {
    const size_t dash = vr[1] == 'T' && vr[0] == 'D' ? text.rfind('-') : text.find('-');
    if (dash != std::string_view::npos && !zone_follows(vr, text, dash)) {
      const std::string low(trim(text.substr(0, dash))), high(trim(text.substr(dash + 1)));
      if (low.empty() && high.empty()) return bad("a range without bounds: " + named(text));
      if (high.find('-') != std::string::npos) {
        return bad("a range has more than two bounds: " + named(text));
      }
      return Made(Term{tag, TermOp::range, {low, high}});
    }
    return Made(Term{tag, TermOp::equal, {std::string(text)}});
  }
  const bool list_by_comma = is_vr(vr, "UI,CS");
  auto values = split_values(text, list_by_comma ? "\\," : "\\");
  if (values.size() > kValuesMax) {
    return bad("a list has more than " + std::to_string(kValuesMax) + " values");
  }
  if (values.empty()) return Made();
  if (values.size() > 1) {
    const bool all = modes.all_values && !dicom::is(vr, "UI");
    return Made(Term{tag, all ? TermOp::all_of : TermOp::equal, std::move(values)});
  }
  // M2, M3: in other VRs these characters mean themselves.
  const bool wild = is_vr(vr, "AE,CS,LO,LT,PN,SH,ST,UC,UR,UT") &&
                    values[0].find_first_of("*?") != std::string::npos;
  if (wild && values[0].find_first_not_of('*') == std::string::npos) return Made();
  return Made(Term{tag, wild ? TermOp::wildcard : TermOp::equal, std::move(values)});
}

Result<bool> parse_flag(std::string_view name, std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return bad(std::string(name) + " is neither true nor false");
}

Result<uint64_t> parse_number(std::string_view name, std::string_view text, uint64_t least) {
  const auto value = parse_decimal(text);
  if (!value || *value < least) {
    return bad(std::string(name) + " is no whole number from " + std::to_string(least) + " on");
  }
  return *value;
}

class Reader {
 public:
  Reader(Kind kind, const SearchRules& rules) : rules_(rules) {
    search_.query.kind = kind;
    search_.query.limit = rules.results_max;
  }

  Result<Search> read(const std::vector<std::pair<std::string, std::string>>& parameters) {
    // Modes first: they say how keys are read, wherever they stand.
    for (const auto& [name, value] : parameters) MEDARC_TRY(read_option(name, value));
    for (const auto& [name, value] : parameters) {
      if (!is_option(name)) MEDARC_TRY(read_key(name, value));
    }
    for (auto& [tag, terms] : any_) {
      // A repeated key with one universal value matches everything.
      if (!terms.empty()) search_.query.all_of_any.push_back(std::move(terms));
    }
    return std::move(search_);
  }

 private:
  static bool is_option(std::string_view name) {
    for (const char* option : {"fuzzymatching", "includefield", "limit", "offset",
                               "emptyvaluematching", "multiplevaluematching", "accept"}) {
      if (name == option) return true;
    }
    return false;
  }

  Status read_option(const std::string& name, const std::string& value) {
    if (name == "limit") {
      MEDARC_ASSIGN(const uint64_t limit, parse_number(name, value, 1));
      search_.limited = limit <= rules_.results_max;
      search_.query.limit = static_cast<uint32_t>(std::min<uint64_t>(limit, rules_.results_max));
    } else if (name == "offset") {
      MEDARC_ASSIGN(search_.query.offset, parse_number(name, value, 0));
    } else if (name == "fuzzymatching") {
      MEDARC_ASSIGN(modes_.fuzzy, parse_flag(name, value));
    } else if (name == "emptyvaluematching") {
      MEDARC_ASSIGN(modes_.empty_values, parse_flag(name, value));
    } else if (name == "multiplevaluematching") {
      MEDARC_ASSIGN(modes_.all_values, parse_flag(name, value));
    } else if (name == "includefield") {
      return read_include(value);
    }
    return {};
  }

  Status read_include(const std::string& value) {
    for (const std::string_view one : split_list(value, ',')) {
      if (one == "all") {
        search_.include_all = true;
        continue;
      }
      const auto path = parse_path(one);
      if (!path) {
        MEDARC_TRY(unknown("includefield", one));
      } else if (reachable(level_of(path->front()), search_.query.kind)) {
        search_.include.push_back(path->front());
      }  // Q3: attributes this level does not keep are left out of the answer
      if (search_.include.size() > kValuesMax) return bad("too many includefields");
    }
    return {};
  }

  // "PatientName", "00100010", "RequestAttributesSequence.00400009".
  static std::optional<std::vector<Tag>> parse_path(std::string_view text) {
    std::vector<Tag> out;
    while (true) {
      const size_t dot = std::min(text.find('.'), text.size());
      const auto tag = dicom::parse_tag(text.substr(0, dot));
      if (!tag) return std::nullopt;
      out.push_back(*tag);
      if (dot == text.size()) return out;
      text.remove_prefix(dot + 1);
    }
  }

  Status unknown(std::string_view what, std::string_view key) {
    const std::string text =
        std::string(what) + " " + named(key) + " is not supported at this level and was ignored";
    if (rules_.strict) return bad(std::string(what) + " " + named(key) + " is not supported here");
    if (search_.warnings.size() < kKeysMax) search_.warnings.push_back(text);
    return {};
  }

  Status read_key(const std::string& name, const std::string& value) {
    const auto path = parse_path(name);
    if (!path || path->size() > 1 || !reachable(level_of(path->front()), search_.query.kind)) {
      return unknown("key", name);
    }
    const Tag tag = path->front();
    const dicom::Vr vr = dicom::vr_of(tag);
    if (is_vr(vr, "SQ,OB,OW,OF,OD,OL,OV,UN")) return unknown("key", name);
    if (++keys_count_ > kKeysMax) {
      return bad("the query has more than " + std::to_string(kKeysMax) + " keys");
    }
    if (modes_.fuzzy && dicom::is(vr, "PN")) {
      add_fuzzy(tag, value, search_.query);
      return {};
    }
    MEDARC_ASSIGN(std::optional<Term> term, term_of(tag, vr, value, modes_));
    auto [place, fresh] = any_.try_emplace(tag);
    if (!term) {
      universal_.push_back(tag);
      place->second.clear();
    } else if (std::find(universal_.begin(), universal_.end(), tag) == universal_.end()) {
      place->second.push_back(std::move(*term));
    }
    return {};
  }

  const SearchRules rules_;
  Search search_;
  Modes modes_;
  size_t keys_count_ = 0;
  std::map<Tag, std::vector<Term>> any_;
  std::vector<Tag> universal_;
};

}  // namespace

Result<Search> parse_search(Kind kind,
                            const std::vector<std::pair<std::string, std::string>>& parameters,
                            const SearchRules& rules) {
  return Reader(kind, rules).read(parameters);
}

}  // namespace medarc::web

#include "web/dicomweb/search.h"

#include <algorithm>
#include <map>

#include "dicom/completeness/state_elements.h"
#include "dicom/dictionary.h"
#include "dicom/matching.h"
#include "dicom/zoned.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using dicom::Condition;
using index::Kind;
using index::Tag;
using index::Term;
using Path = std::vector<Tag>;

constexpr size_t kKeysMax = 100;        // search keys in one query
constexpr size_t kPathTagsMax = 16;     // of one key
constexpr size_t kNamedBytesMax = 100;  // of a peer's text in a warning

Error bad(std::string text) { return make_error(Code::invalid_argument, std::move(text)); }

// A peer's key, fit for a header value.
std::string named(std::string_view key) {
  std::string out;
  for (const char c : key.substr(0, kNamedBytesMax)) {
    out += c > 0x20 && c < 0x7F && c != '"' && c != '\\' ? c : '?';
  }
  return out;
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
    modes_.comma_lists = true;
  }

  Result<Search> read(const std::vector<std::pair<std::string, std::string>>& parameters) {
    // Modes and creators first: they say how keys are read, wherever they stand.
    for (const auto& [name, value] : parameters) {
      if (is_option(name)) continue;
      const auto path = parse_path(name);
      if (!path) continue;
      if (dicom::is_private_creator(path->back())) creators_[*path] = value;
      if (dicom::is_private_element(path->front())) private_roots_.push_back(path->front());
    }
    for (const auto& [name, value] : parameters) {
      if (name != "includefield") continue;
      for (const std::string_view one : split_list(value, ',')) {
        const auto path = parse_path(one);
        if (path && dicom::is_private_element(path->front()))
          private_roots_.push_back(path->front());
      }
    }
    for (const auto& [name, value] : parameters) MEDARC_TRY(read_option(name, value));
    for (const auto& [name, value] : parameters) {
      if (!is_option(name)) MEDARC_TRY(read_key(name, value));
    }
    for (auto& [path, key] : keys_) {
      auto groups = std::move(key.words);
      // A repeated key with one universal value matches everything.
      if (!key.universal && !key.any.empty()) groups.push_back(std::move(key.any));
      if (path.size() == 1 && dicom::rows_hold(path[0])) {
        for (auto& group : groups) search_.query.all_of_any.push_back(std::move(group));
      } else if (!groups.empty() || dicom::is_private_creator(path.back())) {
        place(path).all_of_any = std::move(groups);
      }
    }
    if (zone_) {
      dicom::Question question{std::move(search_.query), std::move(search_.compared), {}};
      dicom::ask_in_zone(question, *zone_, true);
      search_.query = std::move(question.query);
      search_.compared = std::move(question.compared);
      search_.zoned = std::move(question.zoned);
    } else {
      dicom::combine_dates_and_times(search_.query);
    }
    return std::move(search_);
  }

 private:
  static bool is_option(std::string_view name) {
    for (const char* option : {"fuzzymatching", "includefield", "limit", "offset",
                               "emptyvaluematching", "multiplevaluematching", "accept", "asOf"}) {
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
      MEDARC_ASSIGN(modes_.fuzzy_names, parse_flag(name, value));
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
      if (!path || !creators_known(*path)) {
        MEDARC_TRY(unknown("includefield", one));
      } else if (dicom::reachable(level_of(path->front()), search_.query.kind)) {
        include(path->front());
      }  // Q3: attributes this level does not keep are left out of the answer
      if (search_.include.size() > dicom::kMatchValuesMax) return bad("too many includefields");
    }
    return {};
  }

  void include(Tag tag) {
    Field field{tag, creator_of({tag}), level_of(tag)};
    const auto& known = search_.include;
    if (std::find(known.begin(), known.end(), field) == known.end()) {
      search_.include.push_back(std::move(field));
    }
  }

  // "PatientName", "00100010", "RequestAttributesSequence.00400009".
  static std::optional<Path> parse_path(std::string_view text) {
    Path out;
    while (true) {
      const size_t dot = std::min(text.find('.'), text.size());
      const auto tag = dicom::parse_tag(text.substr(0, dot));
      if (!tag || out.size() == kPathTagsMax) return std::nullopt;
      out.push_back(*tag);
      if (dot == text.size()) return out;
      text.remove_prefix(dot + 1);
    }
  }

  // The creator of a private element at the end of the path, named in its own item or outside.
  std::string creator_of(Path path) const {
    const Tag tag = path.back();
    if (!dicom::is_private(tag)) return {};
    if (!dicom::is_private_creator(tag)) path.back() = dicom::creator_tag(tag);
    while (true) {
      const auto found = creators_.find(path);
      if (found != creators_.end()) return found->second;
      if (path.size() == 1) return {};
      path.erase(path.end() - 2);
    }
  }

  bool creators_known(const Path& path) const {
    for (size_t i = 1; i <= path.size(); ++i) {
      const Path part(path.begin(), path.begin() + static_cast<ptrdiff_t>(i));
      if (dicom::is_private_element(part.back()) && creator_of(part).empty()) return false;
    }
    return true;
  }

  // Whether another parameter names an element of its block that this level has.
  bool creator_is_used(Tag creator) const {
    return std::any_of(private_roots_.begin(), private_roots_.end(), [&](Tag tag) {
      return dicom::creator_tag(tag) == creator &&
             dicom::reachable(level_of(tag), search_.query.kind);
    });
  }

  // Whether values can be compared there: sequences on the way, none at the end.
  static bool comparable(const Path& path) {
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      if (!dicom::is(dicom::vr_of(path[i]), "SQ") && !dicom::is_private_element(path[i])) {
        return false;
      }
    }
    return dicom::is_private(path.back()) || dicom::can_match(dicom::vr_of(path.back()));
  }

  // The condition at the end of the path, made with those on the way.
  Condition& place(const Path& path) {
    std::vector<Condition>* level = &search_.compared;
    for (size_t i = 0;; ++i) {
      auto at = std::find_if(level->begin(), level->end(),
                             [&](const Condition& c) { return c.tag == path[i]; });
      if (at == level->end()) {
        const Path part(path.begin(), path.begin() + static_cast<ptrdiff_t>(i + 1));
        at = level->insert(
            at, Condition{path[i], compared_vr(part), creator_of(part), {}, {}, level_of(path[0])});
      }
      if (i + 1 == path.size()) return *at;
      level = &at->items;
    }
  }

  dicom::Level level_of(Tag tag) const {
    return rules_.extras == nullptr ? dicom::matching_level(tag)
                                    : dicom::matching_level(tag, creator_of({tag}), *rules_.extras);
  }

  // A private element has the VR the operator gave it, or each object's own.
  dicom::Vr compared_vr(const Path& path) const {
    if (!dicom::is_private_element(path.back())) return dicom::vr_of(path.back());
    const dicom::ExtraAttribute* extra = nullptr;
    if (rules_.extras != nullptr) {
      std::vector<dicom::ExtraStep> steps;
      for (size_t i = 1; i <= path.size(); ++i) {
        const Path part(path.begin(), path.begin() + static_cast<ptrdiff_t>(i));
        steps.push_back(dicom::step_of(part.back(), creator_of(part)));
      }
      extra = rules_.extras->find(steps);
    }
    return extra == nullptr ? dicom::Vr{} : extra->vr;
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
    const Kind kind = search_.query.kind;
    // A sequence of no length matches all, and asks for its items.
    if (path && value.empty() && dicom::is(dicom::vr_of(path->back()), "SQ") &&
        dicom::reachable(level_of(path->front()), kind)) {
      include(path->front());
      return {};
    }
    if (!path || !comparable(*path) || !creators_known(*path)) return unknown("key", name);
    // The creator of what was added for this level decides nothing of its own.
    const bool names_extra =
        path->size() == 1 && dicom::is_private_creator(path->front()) &&
        (kind != Kind::instance || dicom::is_study_state_creator(path->front(), value));
    if (names_extra && creator_is_used(path->front())) {
      include(path->front());
      return {};
    }
    if (!dicom::reachable(level_of(path->front()), kind)) return unknown("key", name);
    if (++keys_count_ > kKeysMax) {
      return bad("the query has more than " + std::to_string(kKeysMax) + " keys");
    }
    include(path->front());
    const Tag tag = path->back();
    if (tag == dicom::kTimezoneOffset && path->size() == 1) return read_zone(value);
    dicom::Vr vr = compared_vr(*path);
    if (vr == dicom::Vr{}) vr = {'L', 'O'};
    Key& key = keys_[*path];
    if (dicom::is_private_creator(tag)) return {};  // place() takes its value
    if (modes_.fuzzy_names && dicom::is(vr, "PN")) {
      for (auto& word : dicom::fuzzy_name_terms(tag, value)) key.words.push_back(std::move(word));
      return {};
    }
    auto read = dicom::matching_term(tag, vr, value, modes_);
    if (read.has_error()) return with_context(std::move(read).error(), named(name));
    if (*read) {
      key.any.push_back(std::move(**read));
    } else {
      key.universal = true;
    }
    return {};
  }

  // A plus sign that was not encoded has come as a blank.
  Status read_zone(std::string text) {
    if (text.empty()) return {};
    if (text[0] == ' ') text[0] = '+';
    zone_ = dicom::zone_minutes(text);
    return zone_ ? Status() : bad("TimezoneOffsetFromUTC is no offset such as +0800");
  }

  struct Key {
    std::vector<Term> any;                 // repeated: any of its values
    std::vector<std::vector<Term>> words;  // of a fuzzy name
    bool universal = false;
  };

  const SearchRules rules_;
  Search search_;
  dicom::Matching modes_;
  size_t keys_count_ = 0;
  std::optional<int> zone_;  // minutes east of UTC
  std::map<Path, Key> keys_;
  std::map<Path, std::string> creators_;
  std::vector<Tag> private_roots_;  // private elements among keys and includefields
};

}  // namespace

Result<Search> parse_search(Kind kind,
                            const std::vector<std::pair<std::string, std::string>>& parameters,
                            const SearchRules& rules) {
  return Reader(kind, rules).read(parameters);
}

}  // namespace medarc::web

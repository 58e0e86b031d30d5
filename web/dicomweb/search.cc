#include "web/dicomweb/search.h"

#include <algorithm>
#include <map>

#include "dicom/dictionary.h"
#include "dicom/matching.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using index::Kind;
using index::Tag;
using index::Term;

constexpr size_t kKeysMax = 100;        // search keys in one query
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
      if (!path) {
        MEDARC_TRY(unknown("includefield", one));
      } else if (dicom::reachable(dicom::matching_level(path->front()), search_.query.kind)) {
        search_.include.push_back(path->front());
      }  // Q3: attributes this level does not keep are left out of the answer
      if (search_.include.size() > dicom::kMatchValuesMax) return bad("too many includefields");
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
    if (!path || path->size() > 1 || !dicom::reachable(dicom::matching_level(path->front()), search_.query.kind)) {
      return unknown("key", name);
    }
    const Tag tag = path->front();
    const dicom::Vr vr = dicom::vr_of(tag);
    if (!dicom::can_match(vr)) return unknown("key", name);
    if (++keys_count_ > kKeysMax) {
      return bad("the query has more than " + std::to_string(kKeysMax) + " keys");
    }
    if (modes_.fuzzy_names && dicom::is(vr, "PN")) {
      dicom::add_fuzzy_name(tag, value, search_.query);
      return {};
    }
    auto read = dicom::matching_term(tag, vr, value, modes_);
    if (read.has_error()) return with_context(std::move(read).error(), named(name));
    std::optional<Term> term = std::move(*read);
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
  dicom::Matching modes_;
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

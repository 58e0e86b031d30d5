// A QIDO-RS query string as a question (PS3.18 8.3.4, PS3.4 C.2.2.2; dicom.md Q1-Q11, M1-M10).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "dicom/question.h"

namespace medarc::web {

// An attribute to return; of a private one the creator as well (Q3).
struct Field {
  index::Tag tag;
  std::string creator;
  dicom::Level level = dicom::Level::instance;
  bool operator==(const Field&) const = default;
};

struct Search {
  index::Query query;  // kind, parents, terms, offset; `limit` as asked or `results_max`
  std::vector<dicom::Condition> compared;  // keys that rows cannot decide
  std::optional<dicom::ZonedKeys> zoned;   // dates and times of a zone
  bool limited = false;                    // the client gave a limit
  bool include_all = false;                // includefield=all
  std::vector<Field> include;              // includefields, and the attributes that are keys
  std::vector<std::string> warnings;       // texts for Warning: 299
};

struct SearchRules {
  bool strict = false;  // unknown keys are errors
  uint32_t results_max = 100'000;
  const dicom::ExtraAttributes* extras = nullptr;  // null: none
};

// `parameters` are decoded. Errors: invalid_argument (a limit of 0 or no number, a malformed key in
// strict mode ...). Keys that are not known, or have no meaning at this level, are left out with a
// warning that names them: never silently, because a dropped filter shows everybody's data.
//
// Person names: fuzzymatching=true asks for rows where each word of the key begins a word of the
// name, in any order and case. Lists (a\b, and a,b for UI and CS) match any of their values, with
// multiplevaluematching=true all of them (UI: any). Repeated keys match any of theirs. "" (two
// quotes) with emptyvaluematching=true matches rows without a value. Keys below one sequence (a.b,
// a.c) must match in one item of it. A private element is named by its tag beside a key for the
// creator of its block (00090010=ACME&00091001=x); in which block an object has it does not matter.
// A date and its time, when both are ranges of the same form, are one range of moments.
// TimezoneOffsetFromUTC is no key: dates and times of the others are in that zone (dicom/zoned.h).
Result<Search> parse_search(index::Kind kind,
                            const std::vector<std::pair<std::string, std::string>>& parameters,
                            const SearchRules& rules);

}  // namespace medarc::web

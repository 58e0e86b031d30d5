// A QIDO-RS query string as an index query (PS3.18 8.3.4, PS3.4 C.2.2.2; dicom.md Q1-Q11, M1-M7).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "index/index.h"

namespace medarc::web {

struct Search {
  index::Query query;        // kind, parents, terms, offset; `limit` as asked or `results_max`
  bool limited = false;      // the client gave a limit
  bool include_all = false;  // includefield=all
  std::vector<index::Tag> include;
  std::vector<std::string> warnings;  // texts for Warning: 299
};

struct SearchRules {
  bool strict = false;  // unknown keys are errors
  uint32_t results_max = 100'000;
};

// `parameters` are decoded. Errors: invalid_argument (a limit of 0 or no number, a malformed key in
// strict mode ...). Keys that are not known, or have no meaning at this level, are left out with a
// warning that names them: never silently, because a dropped filter shows everybody's data.
//
// Person names: fuzzymatching=true asks for rows where each word of the key begins a word of the
// name, in any order and case. Lists (a\b, and a,b for UI and CS) match any of their values, with
// multiplevaluematching=true all of them (UI: any). Repeated keys match any of theirs. "" (two
// quotes) with emptyvaluematching=true matches rows without a value.
Result<Search> parse_search(index::Kind kind,
                            const std::vector<std::pair<std::string, std::string>>& parameters,
                            const SearchRules& rules);

}  // namespace medarc::web

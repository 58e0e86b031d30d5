// Terms of the GA4GH Data Use Ontology (DUO, release of 2021-02-23): what data may be used for, and
// whether a purpose fits. Written "DUO:0000006" or "HMB"; a term that is limited to something has
// it behind an equals sign: "DS=MONDO:0005015", "GS=NO", "TS=2027-12-31".
//
// Data bear permissions (what uses are allowed: at least one) and modifiers (under which
// conditions). A purpose is a list of the same terms: uses (GRU, HMB, DS, POA, CC), and promises,
// which are the modifiers the asker keeps. docs/decisions/0101 has the rule, and why.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "index/rows.h"

namespace medarc::genomics {

using index::DuoTerm;

struct DuoCode {
  std::string_view id, abbreviation, label;
  enum class Kind : uint8_t {
    permission,  // what for
    modifier,    // under which condition
    group,       // a heading, or withdrawn: describes no data
  } kind = Kind::modifier;
  enum class Qualifier : uint8_t {
    none,
    disease,  // a MONDO code
    day,      // YYYY-MM-DD
    text,     // of 1 to kDuoQualifierBytesMax bytes
  } qualifier = Qualifier::none;
};
inline constexpr size_t kDuoQualifierBytesMax = 128;

std::span<const DuoCode> duo_codes();
const DuoCode* find_duo(std::string_view id_or_abbreviation);  // nullptr: there is none

// Errors: invalid_argument saying what is wrong.
Result<DuoTerm> parse_duo_term(std::string_view text);
// Terms between commas. Errors: likewise; too_large over `terms_max`.
Result<std::vector<DuoTerm>> parse_duo_terms(std::string_view text, size_t terms_max);
std::string to_string(const DuoTerm& term);  // "DUO:0000007=MONDO:0005015"
std::string described(const DuoTerm& term);  // "DS (disease specific research) of MONDO:0005015"

// Who asks, when, and what for.
struct DuoPurpose {
  std::vector<DuoTerm> terms;
  std::string principal;  // as US terms name it
  Timestamp time;
};
// Nothing when the purpose fits the terms; else why not, naming the term. Data without terms fit
// every purpose, also none.
std::optional<std::string> duo_refusal(const std::vector<DuoTerm>& data, const DuoPurpose& purpose);

}  // namespace medarc::genomics

// Searching patients the FHIR way (hl7.org/fhir/R4/search.html), over index rows: what the index
// can narrow, it narrows; the rest is compared here on the resource itself, so that answers and
// totals are exact. Names are compared folded (names.h).
#pragma once

#include <span>

#include "index/index.h"
#include "records/issuers.h"
#include "records/patient_resource.h"

namespace medarc::records {

// What a search parameter is called, for the CapabilityStatement and for refusing others.
struct SearchParameter {
  std::string_view name, type, meaning;
};
std::span<const SearchParameter> patient_parameters();

struct TokenTerm {
  std::optional<std::string> system;  // nullopt: any; "": none
  std::string code;                   // "": any
};
// "c", "s|c", "|c", "s|"
TokenTerm parse_token(std::string_view text);
// The alternatives of a value: parts between commas, with \, \| \$ \\ kept for what follows to
// undo.
std::vector<std::string> alternatives(std::string_view value);
std::string unescape(std::string_view text);

enum class DatePrefix { eq, ne, gt, lt, ge, le, sa, eb };
struct DateTerm {
  DatePrefix prefix = DatePrefix::eq;
  std::string first, last;  // YYYYMMDD, both inclusive
};
Result<DateTerm> parse_date_term(std::string_view text);

struct PatientQuery {
  enum class Name { any, family, given };
  enum class Match { starts, exact, contains };
  struct NameTerm {
    Name name;
    Match match;
    std::vector<std::string> values;  // folded unless exact
  };
  // Each of the outer ones must match; it matches when any inner one does.
  std::vector<std::vector<TokenTerm>> identifiers;
  std::vector<std::vector<std::string>> ids, genders;
  std::vector<std::vector<DateTerm>> birth_dates;
  std::vector<NameTerm> names;

  uint32_t count = 50;  // of one page; 0: only the total
  Bytes after;          // PatientPage::next of the page before

  bool unrestricted() const {
    return identifiers.empty() && ids.empty() && genders.empty() && birth_dates.empty() &&
           names.empty();
  }
  // One parameter of a query string, `key` with its modifier. unsupported: no such parameter or
  // modifier; invalid_argument: not a value of it.
  Status add(std::string_view key, std::string_view value);
};

struct PatientPage {
  std::vector<index::PatientRow> rows;  // by id
  uint64_t total = 0;                   // exact
  Bytes next;                           // empty: nothing follows
};

// too_large: more rows would have to be looked at than options.rows_examined_max.
Result<PatientPage> search_patients(index::View& view, const PatientQuery& query,
                                    const Issuers& issuers, const RecordsOptions& options);

bool matches(const PatientQuery& query, const index::PatientRow& row, const Json& content,
             const Issuers& issuers);

}  // namespace medarc::records

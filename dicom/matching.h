// One matching key (PS3.4 C.2.2.2, dicom.md M1-M10) as conditions of an index query: the same for
// C-FIND and QIDO-RS, so that both find the same.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "dicom/dictionary.h"
#include "dicom/levels.h"
#include "index/index.h"

namespace medarc::dicom {

inline constexpr size_t kMatchValuesMax = 10'000;  // of one key's list

class ExtraAttributes;

// How keys are read; all off unless asked for or negotiated.
struct Matching {
  bool fuzzy_names = false;   // each word of the key begins a word of the name (index/name_words.h)
  bool empty_values = false;  // "" (two quotes) matches rows without a value
  bool all_values = false;    // a list matches rows that hold all of it (UI: any)
  bool date_times = false;    // combine_dates_and_times
  bool zones = false;         // (0008,0201) is no key: it says where the others are (zoned.h)
  const ExtraAttributes* extras = nullptr;  // null: none
  bool comma_lists = false;  // in UI and CS a comma separates values as a backslash does (QIDO)
};

// The level the attribute belongs to, derived ones among them. What rows do not hold is of the
// instance, except command and file meta elements and delimiters, which are nowhere.
Level matching_level(Tag tag);
// The same with what the operator added.
Level matching_level(Tag tag, std::string_view creator, const ExtraAttributes& extras);
// Whether rows hold its values; sequences are looked into by comparing (condition.h).
bool rows_hold(Tag tag);
// Whether rows of this kind, with the rows above them, hold attributes of the level.
bool reachable(Level level, index::Kind kind);
// False for sequences and bulk data.
bool can_match(const Vr& vr);

// Adds nothing when the key matches everything (M7). invalid_argument: a malformed range, a list
// over kMatchValuesMax. `text` is UTF-8.
Result<std::optional<index::Term>> matching_term(Tag tag, const Vr& vr, std::string_view text,
                                                 const Matching& how);
// A person name under fuzzy_names: a group for each word of the key.
std::vector<std::vector<index::Term>> fuzzy_name_terms(Tag tag, std::string_view name);

// Combined date and time (PS3.4 C.2.2.2.5.4): where a date and its time are both ranges of the same
// form ("a-b", "a-", "-b"), the two together are one range of moments.
void combine_dates_and_times(index::Query& query);

// Dates that rows hold, with their times.
struct DateAndTime {
  Tag date, time;
};
std::span<const DateAndTime> dates_and_times();
// The day so many days after a DA value, as YYYYMMDD. nullopt: no date.
std::optional<std::string> day_beside(const std::string& date, int days);

}  // namespace medarc::dicom

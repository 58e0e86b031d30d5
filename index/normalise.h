// How values are compared, by VR (PS3.4 C.2.2.2). The index keeps values in these forms, and the
// residual predicate (match.h) compares in them, so that a seek and a scan agree.
//
// Our rule for PN, which the standard leaves to us: case is folded (simple folding of Latin, Greek
// and Cyrillic, fold.cc), accents are kept, each of the three component groups matches on its own,
// empty components at the end and blanks around components do not count.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace medarc::index {

using Vr = std::array<char, 2>;
inline bool is_vr(const Vr& vr, std::string_view name) {
  return name.size() == 2 && vr[0] == name[0] && vr[1] == name[1];
}
inline Vr to_vr(std::string_view name) { return {name[0], name[1]}; }

// Simple case folding of UTF-8 text; bytes that are no UTF-8 stay as they are.
std::string fold_case(std::string_view text);

// Component groups of a person name: folded, trimmed; empty groups stay empty, none at the end.
std::vector<std::string> name_groups(std::string_view name);

// True for AE CS LO LT PN SH ST UC UR UT: * and ? are wildcards there and literal elsewhere.
bool takes_wildcards(const Vr& vr);
// True for DA TM DT.
bool takes_ranges(const Vr& vr);

// The forms under which one value is found: one a name group, else exactly one. An empty value has
// none.
std::vector<std::string> forms(const Vr& vr, std::string_view value);

// A single value as a key of a query; the same form as above, without group rules.
std::string plain_form(const Vr& vr, std::string_view value);

// DA as YYYYMMDD, TM as HHMMSSFFFFFF, DT as YYYYMMDDHHMMSSFFFFFF in UTC where a zone is given.
// What is left out counts as its first instant, or with `last` as its last one. nullopt: not such a
// value (then texts are compared).
std::optional<std::string> instant(const Vr& vr, std::string_view value, bool last);

// True when `text` matches `pattern` with * (any run, or none) and ? (one character of UTF-8).
bool wildcard_match(std::string_view pattern, std::string_view text);
// What every match of the pattern starts with.
std::string_view literal_prefix(std::string_view pattern);

}  // namespace medarc::index

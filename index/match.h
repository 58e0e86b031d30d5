// The residual predicate: does a row match the terms? PS3.4 C.2.2.2 by the rules of normalise.h.
// Attributes with several values match when any one does; all_of wants each among them.
#pragma once

#include "index/fields.h"
#include "index/index.h"

namespace medarc::index {

// A term made ready once for a query. Not thread-safe (remembers the VR it met last).
class CompiledTerm {
 public:
  explicit CompiledTerm(Term term) : term_(std::move(term)) {}
  const Term& term() const { return term_; }
  // `scratch` is overwritten.
  bool matches(const Subject& subject, FieldValues& scratch);
  // The same for values that no row holds; no value: the attribute is absent or empty.
  bool matches_values(const FieldValues& found);
  // Does one form, as an index key holds it, match? Only for terms without component groups in the
  // query; the key's form was not cut.
  bool matches_form(const Vr& vr, std::string_view form);
  // True when the term also matches rows without the attribute: a lone * (M7), whatever the VR,
  // since what is absent has none.
  bool universal() const;
  // The query's values in the form of `vr`, sorted.
  const std::vector<std::string>& wanted(const Vr& vr);
  // {low, high} in the form of `vr`; an open end is "". False: a bound that is no such value.
  bool bounds(const Vr& vr, std::string& low, std::string& high);

 private:
  void prepare(const Vr& vr);
  bool matches_value(const Vr& vr, std::string_view value);
  bool matches_name(std::string_view value);

  Term term_;
  Vr prepared_{};
  std::vector<std::string> wanted_;
  std::vector<std::vector<std::string>> wanted_groups_;  // PN: by value, by component group
  bool bounds_valid_ = true;
};

class Predicate {
 public:
  explicit Predicate(const Query& query);
  bool matches(const Subject& subject);  // all groups; any term of each
  std::vector<std::vector<CompiledTerm>>& groups() { return groups_; }

 private:
  std::vector<std::vector<CompiledTerm>> groups_;
  FieldValues scratch_;
};

}  // namespace medarc::index

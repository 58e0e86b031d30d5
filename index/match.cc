#include "index/match.h"

#include <algorithm>

#include "index/name_words.h"

namespace medarc::index {
namespace {

bool only_stars(std::string_view v) {
  return !v.empty() && v.find_first_not_of('*') == std::string_view::npos;
}

}  // namespace

bool CompiledTerm::universal() const {
  return term_.op == TermOp::wildcard && !term_.values.empty() && only_stars(term_.values[0]);
}

void CompiledTerm::prepare(const Vr& vr) {
  if (prepared_ == vr) return;
  prepared_ = vr;
  wanted_.clear();
  wanted_groups_.clear();
  bounds_valid_ = true;
  if (term_.op == TermOp::range) {
    for (size_t i = 0; i < 2; ++i) {
      const std::string value = i < term_.values.size() ? term_.values[i] : std::string();
      if (value.empty() || !takes_ranges(vr)) {
        wanted_.push_back(value);
      } else if (auto at = instant(vr, value, i == 1)) {
        wanted_.push_back(*at);
      } else {
        wanted_.emplace_back();
        bounds_valid_ = false;
      }
    }
    return;
  }
  for (const std::string& value : term_.values) {
    wanted_.push_back(term_.op == TermOp::begins ? fold_name(value) : plain_form(vr, value));
    if (is_vr(vr, "PN")) wanted_groups_.push_back(name_groups(value));
  }
  if (term_.op != TermOp::wildcard && !is_vr(vr, "PN")) std::sort(wanted_.begin(), wanted_.end());
}

const std::vector<std::string>& CompiledTerm::wanted(const Vr& vr) {
  prepare(vr);
  return wanted_;
}

bool CompiledTerm::bounds(const Vr& vr, std::string& low, std::string& high) {
  prepare(vr);
  low = wanted_[0];
  high = wanted_[1];
  return bounds_valid_;
}

bool CompiledTerm::matches_form(const Vr& vr, std::string_view form) {
  prepare(vr);
  switch (term_.op) {
    case TermOp::wildcard:
      if (takes_wildcards(vr)) return !wanted_.empty() && wildcard_match(wanted_[0], form);
      [[fallthrough]];
    case TermOp::equal:
    case TermOp::all_of: return std::find(wanted_.begin(), wanted_.end(), form) != wanted_.end();
    case TermOp::range:
      return bounds_valid_ && (wanted_[0].empty() || form >= wanted_[0]) &&
             (wanted_[1].empty() || form <= wanted_[1]);
    case TermOp::begins: return !wanted_.empty() && form.starts_with(wanted_[0]);
    case TermOp::present: return true;
    case TermOp::empty: break;
  }
  return false;
}

// A query with one component group matches any group of the name; one with several matches each
// given group in its place.
bool CompiledTerm::matches_name(std::string_view value) {
  const std::vector<std::string> groups = name_groups(value);
  auto one = [&](const std::string& want, const std::string& have) {
    return term_.op == TermOp::wildcard ? wildcard_match(want, have) : want == have;
  };
  for (const auto& wanted : wanted_groups_) {
    bool matched = false;
    if (wanted.size() == 1) {
      matched = std::any_of(groups.begin(), groups.end(),
                            [&](auto& g) { return !g.empty() && one(wanted[0], g); });
    } else if (!wanted.empty()) {
      matched = true;
      for (size_t i = 0; i < wanted.size() && matched; ++i) {
        if (!wanted[i].empty()) matched = i < groups.size() && one(wanted[i], groups[i]);
      }
    }
    if (matched) return true;
  }
  return false;
}

bool CompiledTerm::matches_value(const Vr& vr, std::string_view value) {
  prepare(vr);
  if (term_.op == TermOp::begins) {
    if (!is_vr(vr, "PN")) return matches_form(vr, value);  // a word as it is kept
    const std::vector<std::string> words = name_words(value);
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return matches_form(vr, word); });
  }
  if (is_vr(vr, "PN") && term_.op != TermOp::range) return matches_name(value);
  if (term_.op == TermOp::equal && wanted_.size() > 8) {
    return std::binary_search(wanted_.begin(), wanted_.end(), plain_form(vr, value));
  }
  return matches_form(vr, plain_form(vr, value));
}

bool CompiledTerm::matches(const Subject& subject, FieldValues& scratch) {
  if (universal()) return true;
  read_field(subject, term_.field, scratch);
  return matches_values(scratch);
}

bool CompiledTerm::matches_values(const FieldValues& found) {
  if (universal()) return true;
  const auto& values = found.values;
  auto has_empty = [&] {
    return std::find(term_.values.begin(), term_.values.end(), "") != term_.values.end();
  };
  switch (term_.op) {
    case TermOp::present: return !values.empty();
    case TermOp::empty: return values.empty();
    case TermOp::equal:
      if (values.empty()) return has_empty();
      break;
    case TermOp::all_of: {
      std::vector<std::string> held;
      for (std::string_view v : values) {
        for (std::string& form : forms(found.vr, v)) held.push_back(std::move(form));
      }
      const auto& want = wanted(found.vr);
      return std::all_of(want.begin(), want.end(), [&](const std::string& w) {
        return std::find(held.begin(), held.end(), w) != held.end();
      });
    }
    case TermOp::begins:
    case TermOp::wildcard:
    case TermOp::range: break;
  }
  return std::any_of(values.begin(), values.end(),
                     [&](std::string_view v) { return matches_value(found.vr, v); });
}

Predicate::Predicate(const Query& query) {
  for (const auto& group : query.all_of_any) {
    auto& compiled = groups_.emplace_back();
    for (const Term& term : group) compiled.emplace_back(term);
  }
}

bool Predicate::matches(const Subject& subject) {
  return std::all_of(groups_.begin(), groups_.end(), [&](auto& group) {
    return std::any_of(group.begin(), group.end(),
                       [&](CompiledTerm& term) { return term.matches(subject, scratch_); });
  });
}

}  // namespace medarc::index

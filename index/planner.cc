#include "index/planner.h"

#include <algorithm>

namespace medarc::index {
namespace {

constexpr uint64_t kProbeKeysMax = 64;

// The levels of the imaging hierarchy at or above `kind`, else the kind alone.
std::vector<Kind> levels(Kind kind) {
  switch (kind) {
    case Kind::instance: return {Kind::instance, Kind::series, Kind::study};
    case Kind::series: return {Kind::series, Kind::study};
    case Kind::study:
    case Kind::patient:
    case Kind::file:
    case Kind::work_item:
    case Kind::subscription:
    case Kind::audit:
    case Kind::job: break;
  }
  return {kind};
}

Stream all_under(Bytes prefix) {
  Stream s;
  s.low = prefix;
  s.high = key::after_prefix(prefix);
  s.prefix = std::move(prefix);
  return s;
}

bool is_uid(Tag tag) { return tag == kSeriesUid || tag == kSopInstanceUid; }

bool cut(std::string_view form) { return form.size() >= kFieldValueBytesMax; }

// One value is enough of all_of; a name with several groups is driven by its first.
std::vector<std::string> driving_forms(CompiledTerm& term, const Vr& vr) {
  std::vector<std::string> out;
  for (const std::string& value : term.term().values) {
    std::vector<std::string> groups =
        is_vr(vr, "PN") ? name_groups(value) : std::vector<std::string>{plain_form(vr, value)};
    std::erase(groups, std::string());
    if (groups.empty()) return {};  // matches rows without the attribute: no key to find
    out.push_back(groups.front());
    if (term.term().op == TermOp::all_of) break;
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool by_equality(const CompiledTerm& term, const HotField& field) {
  const TermOp op = term.term().op;
  return op == TermOp::equal || op == TermOp::all_of ||
         (op == TermOp::wildcard && !takes_wildcards(field.vr));
}

// Streams of one equality for each value of every term, when each term of the group is such a one.
std::optional<Driver> equality(Kind level, std::vector<CompiledTerm>& group) {
  Driver d{Driver::Type::keys, level};
  d.exact = true;
  d.unique = true;
  for (CompiledTerm& term : group) {
    const HotField* field = find_hot(level, term.term().field);
    if (field == nullptr || term.universal() || !by_equality(term, *field)) return std::nullopt;
    const std::vector<std::string> forms = driving_forms(term, field->vr);
    if (forms.empty()) return std::nullopt;
    for (const std::string& form : forms) {
      d.streams.push_back(all_under(key::field_value(level, field->tag, form)));
      d.exact &= !cut(form);
    }
    d.exact &= term.term().op == TermOp::equal && !is_vr(field->vr, "PN");
    d.unique &= is_uid(field->tag);
  }
  return d;
}

std::optional<Driver> study_uids(std::vector<CompiledTerm>& group) {
  Driver d{Driver::Type::ids, Kind::study};
  for (CompiledTerm& term : group) {
    if (term.term().field != kStudyUid || term.term().op != TermOp::equal) return std::nullopt;
    for (const std::string& value : term.wanted({'U', 'I'})) d.ids.push_back(value);
  }
  std::sort(d.ids.begin(), d.ids.end());
  d.ids.erase(std::unique(d.ids.begin(), d.ids.end()), d.ids.end());
  d.unique = true;
  return d;
}

// Sets the part of the stream under `prefix` whose next text lies between the bounds.
bool narrow(Stream& stream, CompiledTerm& term, const Vr& vr) {
  if (term.term().op == TermOp::range) {
    std::string low, high;
    if (!takes_ranges(vr) || !term.bounds(vr, low, high)) return false;
    stream.low = stream.prefix + low;
    if (!high.empty()) {
      Bytes last = stream.prefix;
      key::append_text(last, high);
      stream.high = key::after_prefix(std::move(last));
    }
    return true;
  }
  const bool begins = term.term().op == TermOp::begins;
  if (!begins && (term.term().op != TermOp::wildcard || !takes_wildcards(vr))) return false;
  const std::string& pattern = term.wanted(vr).front();
  const std::string_view start_text = begins ? std::string_view(pattern) : literal_prefix(pattern);
  Bytes start = stream.prefix;
  for (char c : start_text.substr(0, kFieldValueBytesMax)) {
    start += c;
    if (c == '\0') start += '\xFF';
  }
  stream.low = start;
  stream.high = key::after_prefix(start);
  return true;
}

std::optional<Driver> interval(Kind level, std::vector<CompiledTerm>& group) {
  if (group.size() != 1 || group[0].universal() || group[0].term().values.empty()) {
    return std::nullopt;
  }
  CompiledTerm& term = group[0];
  const bool words = term.term().op == TermOp::begins && term.term().field == kPatientName;
  const HotField* field = find_hot(level, words ? kFieldNameWords : term.term().field);
  if (field == nullptr || !field->ranges) return std::nullopt;
  if (is_vr(field->vr, "PN") && name_groups(term.term().values[0]).size() != 1) return std::nullopt;
  Driver d{Driver::Type::keys, level};
  Stream stream = all_under(key::field_prefix(level, field->tag));
  if (!narrow(stream, term, field->vr)) return std::nullopt;
  d.streams.push_back(std::move(stream));
  d.texts = 1;
  d.field = field;
  d.term = &term;
  d.exact = is_vr(field->vr, "DA");
  return d;
}

// A modality and a range of study dates, for studies and for what is below them.
std::optional<Driver> modality_and_dates(Kind kind, std::vector<CompiledTerm>& modality,
                                         std::vector<CompiledTerm>& dates) {
  if (modality.size() != 1 || dates.size() != 1) return std::nullopt;
  const Tag tag = modality[0].term().field;
  const bool of_series = tag == kModality && kind != Kind::study;
  if (tag != kModalitiesInStudy && !of_series) return std::nullopt;
  if (dates[0].term().field != kStudyDate || dates[0].term().op != TermOp::range) {
    return std::nullopt;
  }
  if (!by_equality(modality[0], *find_hot(Kind::study, kModalitiesInStudy)) &&
      modality[0].term().op != TermOp::equal) {
    return std::nullopt;
  }
  Driver d{Driver::Type::keys, Kind::study};
  for (const std::string& form : driving_forms(modality[0], {'C', 'S'})) {
    Stream stream = all_under(key::field_value(Kind::study, kFieldModalityAndDate, form));
    if (!narrow(stream, dates[0], {'D', 'A'})) return std::nullopt;
    d.streams.push_back(std::move(stream));
  }
  if (d.streams.empty()) return std::nullopt;
  d.texts = 1;
  d.exact = !of_series && modality[0].term().op == TermOp::equal;
  return d;
}

Driver base(const Query& query) {
  Driver d{Driver::Type::base, query.kind};
  if (query.among) {
    d.type = Driver::Type::ids;
    d.ids = *query.among;
    d.unique = true;
    return d;
  }
  if (query.study && query.kind == Kind::study) {
    d.type = Driver::Type::ids;
    d.ids.push_back(query.study->value);
    d.unique = true;
    return d;
  }
  const bool has_received = query.kind != Kind::patient && query.kind != Kind::audit;
  if (query.order == Order::newest_first && has_received && !query.study) {
    d.type = Driver::Type::received;
    d.streams.push_back(all_under(key::field_prefix(query.kind, kFieldReceived)));
    return d;
  }
  Bytes prefix = key::row(query.kind, "");
  if (query.study) {
    prefix = key::row(query.kind, query.series && query.kind == Kind::instance
                                      ? below(series_id(*query.study, *query.series))
                                      : below(study_id(*query.study)));
  }
  d.streams.push_back(all_under(std::move(prefix)));
  return d;
}

uint64_t probe(const Driver& d, Reader& reader) {
  if (d.type == Driver::Type::ids) return d.ids.size();
  uint64_t total = 0;
  for (const Stream& s : d.streams) {
    auto scan = reader.range(Table::fields, s.low, s.high);
    uint64_t keys = 0;
    for (; scan->valid() && keys < kProbeKeysMax; ++keys) scan->next();
    if (keys == kProbeKeysMax) {
      keys = std::max(keys, reader.keys_estimate(Table::fields, s.low, s.high));
    }
    total += keys;
  }
  return total;
}

}  // namespace

std::vector<Driver> candidates(const Query& query, Predicate& predicate) {
  std::vector<Driver> out{base(query)};
  if (query.among) return out;
  auto& groups = predicate.groups();
  for (size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].empty()) continue;
    auto add = [&](std::optional<Driver> d) {
      if (!d) return;
      d->covered = {g};
      d->exact &= d->level == query.kind;
      out.push_back(std::move(*d));
    };
    for (Kind level : levels(query.kind)) {
      add(equality(level, groups[g]));
      add(interval(level, groups[g]));
      if (level != Kind::study) continue;
      add(study_uids(groups[g]));
      for (size_t other = 0; other < groups.size(); ++other) {
        if (auto d = modality_and_dates(query.kind, groups[g], groups[other])) {
          d->covered = {g, other};
          d->exact &= query.kind == Kind::study;
          out.push_back(std::move(*d));
        }
      }
    }
  }
  return out;
}

Choice choose(const std::vector<Driver>& drivers, const Query& query, Reader& reader) {
  for (size_t i = 0; i < drivers.size(); ++i) {
    const bool near = drivers[i].unique && (!query.study || drivers[i].level == query.kind);
    if (near) return {i, drivers[i].ids.size() + drivers[i].streams.size()};
  }
  // Below a given parent its children are few, and one seek away.
  if (query.study || drivers.size() == 1) return {0, UINT64_MAX};
  if (drivers.size() == 2 && query.order == Order::any) return {1, UINT64_MAX};
  Choice best{0, UINT64_MAX};
  for (size_t i = 1; i < drivers.size(); ++i) {
    const uint64_t rows = probe(drivers[i], reader);
    if (rows < best.rows_estimate) best = {i, rows};
  }
  return best;
}

}  // namespace medarc::index

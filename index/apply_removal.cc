// Images that go away: their rows, keys, versions and references; what is left above them is
// counted anew. Costs what the study costs, since its lists of modalities and SOP classes are
// derived.
#include <set>

#include "index/apply.h"

namespace medarc::index {
namespace {

constexpr size_t kAll = SIZE_MAX;

std::vector<Bytes> keys_of(const StudyRow& row) {
  Subject s{Kind::study};
  s.study = &row;
  return field_keys(s);
}

std::vector<Bytes> keys_of(const SeriesRow& row) {
  Subject s{Kind::series};
  s.series = &row;
  return field_keys(s);
}

void set_count(AttributeSet& attributes, Tag tag, uint64_t count) {
  attributes.set(tag, "IS", {std::to_string(count)});
}

void set_derived(AttributeSet& attributes, Tag tag, std::string_view vr,
                 const std::set<std::string>& values) {
  std::vector<std::string> list(values.begin(), values.end());
  if (list.size() > kDerivedValuesMax) list.resize(kDerivedValuesMax);
  if (!list.empty() || attributes.find(tag) != nullptr) attributes.set(tag, vr, std::move(list));
}

uint64_t count_of(const AttributeSet& attributes, Tag tag) {
  const std::string_view text = attributes.first(tag);
  return text.empty() ? 0 : std::stoull(std::string(text));
}

}  // namespace

Result<uint64_t> Group::remove_instance(const Bytes& id) {
  const Bytes row_key = key::row(Kind::instance, id);
  MEDARC_ASSIGN(const auto row, read(row_key, decode_instance));
  if (!row) return uint64_t{0};
  Subject subject{Kind::instance};
  subject.instance = &*row;
  replace_keys(field_keys(subject), {});
  batch_.remove(Table::rows, row_key);
  batch_.remove(Table::metadata, id);
  auto unreference = [&](const InstanceRow& r) {
    batch_.remove(Table::refs,
                  key::blob_reference(r.dataset, key::owner(Kind::instance, id, r.version)));
  };
  unreference(*row);
  MEDARC_ASSIGN(const auto versions, batch_.keys(Table::rows, key::versions(id), kAll));
  for (const Bytes& earlier : versions) {
    MEDARC_ASSIGN(const auto old, read(earlier, decode_instance));
    if (old) unreference(*old);
    batch_.remove(Table::rows, earlier);
  }
  --counts_.instances;
  record(Kind::instance, id, State::not_found);
  return row->dataset_bytes;
}

Status Group::remove_series(const Bytes& id) {
  const Bytes row_key = key::row(Kind::series, id);
  MEDARC_ASSIGN(const auto row, read(row_key, decode_series));
  if (!row) return {};
  replace_keys(keys_of(*row), {});
  batch_.remove(Table::rows, row_key);
  --counts_.series;
  return {};
}

// One instance of `bytes` has gone.
Status Group::shrink_series(const Bytes& id, uint64_t bytes) {
  const Bytes row_key = key::row(Kind::series, id);
  MEDARC_ASSIGN(auto row, read(row_key, decode_series));
  if (!row) return {};
  const uint64_t held = count_of(row->attributes, kInstancesInSeries);
  if (held <= 1) return remove_series(id);
  set_count(row->attributes, kInstancesInSeries, held - 1);
  row->bytes -= std::min(row->bytes, bytes);
  row->changed = time_;
  batch_.put(Table::rows, row_key, encode(*row));
  return {};
}

Status Group::recount_study(const StudyUid& uid) {
  const Bytes row_key = key::row(Kind::study, study_id(uid));
  MEDARC_ASSIGN(const auto before, read(row_key, decode_study));
  if (!before) return {};
  StudyRow after = *before;
  std::set<std::string> modalities, classes;
  uint64_t series_count = 0, instances_count = 0;
  after.bytes = 0;
  const Bytes children = below(study_id(uid));
  MEDARC_ASSIGN(const auto series,
                batch_.keys(Table::rows, key::row(Kind::series, children), kAll));
  for (const Bytes& k : series) {
    MEDARC_ASSIGN(const auto row, read(k, decode_series));
    if (!row) continue;
    ++series_count;
    instances_count += count_of(row->attributes, kInstancesInSeries);
    after.bytes += row->bytes;
    modalities.insert(std::string(row->attributes.first(kModality)));
  }
  if (series_count == 0) {
    replace_keys(keys_of(*before), {});
    batch_.remove(Table::rows, row_key);
    batch_.remove(Table::rows, key::study_notes(study_id(uid)));
    --counts_.studies;
    return {};
  }
  MEDARC_ASSIGN(const auto instances,
                batch_.keys(Table::rows, key::row(Kind::instance, children), kAll));
  for (const Bytes& k : instances) {
    MEDARC_ASSIGN(const auto row, read(k, decode_instance));
    if (row) classes.insert(row->sop_class.value);
  }
  modalities.erase("");
  classes.erase("");
  set_derived(after.attributes, kModalitiesInStudy, "CS", modalities);
  set_derived(after.attributes, kSopClassesInStudy, "UI", classes);
  set_count(after.attributes, kSeriesInStudy, series_count);
  set_count(after.attributes, kInstancesInStudy, instances_count);
  after.changed = time_;
  replace_keys(keys_of(*before), keys_of(after));
  batch_.put(Table::rows, row_key, encode(after));
  return {};
}

Result<OpOutcome> Group::run(RemoveImages& op) {
  const Bytes study = study_id(op.study);
  const Bytes series = op.series ? series_id(op.study, *op.series) : Bytes();
  const Bytes id = op.instance ? instance_id(op.study, *op.series, *op.instance)
                   : op.series ? series
                               : study;
  MEDARC_ASSIGN(const auto held, read(key::row(Kind::study, study), decode_study));
  const Bytes prefix = key::row(Kind::instance, op.instance ? id : below(id));
  MEDARC_ASSIGN(auto rows, batch_.keys(Table::rows, prefix, op.instance ? 1 : kAll));
  if (op.instance && !rows.empty() && rows.front() != prefix) rows.clear();
  if (!held || rows.empty()) return OpOutcome{State::not_found, 0, {}};
  uint64_t bytes = 0;
  for (const Bytes& row : rows) {
    MEDARC_ASSIGN(bytes, remove_instance(row.substr(1)));
  }
  if (op.instance) {
    MEDARC_TRY(shrink_series(series, bytes));
  } else if (op.series) {
    MEDARC_TRY(remove_series(series));
  } else {
    MEDARC_ASSIGN(const auto all,
                  batch_.keys(Table::rows, key::row(Kind::series, below(study)), kAll));
    for (const Bytes& row : all) MEDARC_TRY(remove_series(row.substr(1)));
  }
  MEDARC_TRY(recount_study(op.study));
  batch_.put(Table::rows, key::tombstone(id), encode(Tombstone{time_, rows.size(), op.reason}));
  return OpOutcome{State::done, rows.size(), held->patient};
}

}  // namespace medarc::index

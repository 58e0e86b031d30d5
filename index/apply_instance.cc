// StoreInstance: the instance, its series and study, its patient. A study or series keeps the first
// value that is not empty of each attribute; counts and the lists of modalities and SOP classes are
// derived. Every instance costs the same, however many there are.
#include <algorithm>

#include "index/apply.h"
#include "index/metadata_form.h"

namespace medarc::index {
namespace {

// Adds `value` to a sorted list; true when it was not there.
bool add_derived(AttributeSet& attributes, Tag tag, std::string_view vr, std::string_view value) {
  if (value.empty()) return false;
  const Attribute* held = attributes.find(tag);
  std::vector<std::string> values = held == nullptr ? std::vector<std::string>() : held->values;
  auto at = std::lower_bound(values.begin(), values.end(), value);
  if ((at != values.end() && *at == value) || values.size() >= kDerivedValuesMax) return false;
  values.emplace(at, value);
  attributes.set(tag, vr, std::move(values));
  return true;
}

void add_count(AttributeSet& attributes, Tag tag) {
  const std::string_view held = attributes.first(tag);
  const uint64_t count = held.empty() ? 0 : std::stoull(std::string(held));
  attributes.set(tag, "IS", {std::to_string(count + 1)});
}

bool is_derived(Tag tag) {
  return tag == kModalitiesInStudy || tag == kSopClassesInStudy || tag == kSeriesInStudy ||
         tag == kInstancesInStudy || tag == kInstancesInSeries;
}

// Attributes that a sender may not set, because we derive them.
AttributeSet without_derived(const AttributeSet& in) {
  if (std::none_of(in.all().begin(), in.all().end(), [](auto& a) { return is_derived(a.tag); })) {
    return in;
  }
  AttributeSet out;
  for (const Attribute& a : in.all()) {
    if (!is_derived(a.tag)) out.set(a);
  }
  return out;
}

bool same_object(const InstanceRow& held, const InstanceRow& now) {
  if (held.dataset != now.dataset || held.transfer_syntax != now.transfer_syntax) return false;
  return !held.envelope_received || !now.envelope_received || held.envelope == now.envelope;
}

}  // namespace

struct Group::Upper {
  bool new_study = false, new_series = false;
  std::vector<Bytes> study_keys_before, series_keys_before;
  bool study_fields_changed = false, series_fields_changed = false;
  StudyRow study;
  SeriesRow series;

  std::vector<Bytes> study_keys() const {
    Subject s{Kind::study};
    s.study = &study;
    return field_keys(s);
  }
  std::vector<Bytes> series_keys() const {
    Subject s{Kind::series};
    s.series = &series;
    return field_keys(s);
  }
};

Result<Group::Upper> Group::open_upper(const StoreInstance& op) {
  const InstanceRow& i = op.instance;
  Upper upper;
  MEDARC_ASSIGN(auto study, read(key::row(Kind::study, study_id(i.study)), decode_study));
  MEDARC_ASSIGN(auto series,
                read(key::row(Kind::series, series_id(i.study, i.series)), decode_series));
  upper.new_study = !study;
  upper.new_series = !series;
  if (study) {
    upper.study = std::move(*study);
  } else {
    upper.study.uid = i.study;
    upper.study.received = time_;
  }
  if (series) {
    upper.series = std::move(*series);
  } else {
    upper.series.study = i.study;
    upper.series.uid = i.series;
    upper.series.received = time_;
  }

  const StudyRow study_before = upper.study;
  MEDARC_ASSIGN(PatientKey patient, patient_of_study(study_before.patient, op));
  StudyRow& s = upper.study;
  bool study_changed = patient != study_before.patient;
  s.patient = std::move(patient);
  study_changed |= s.attributes.fill(without_derived(op.patient_attributes));
  study_changed |= s.attributes.fill(without_derived(op.study_attributes));
  const SeriesRow series_before = upper.series;
  const bool series_changed = upper.series.attributes.fill(without_derived(op.series_attributes));
  study_changed |=
      add_derived(s.attributes, kModalitiesInStudy, "CS", upper.series.attributes.first(kModality));
  study_changed |= add_derived(s.attributes, kSopClassesInStudy, "UI", i.sop_class.value);

  upper.study_fields_changed = upper.new_study || study_changed;
  upper.series_fields_changed = upper.new_series || series_changed;
  if (study_changed && !upper.new_study) {
    Upper before;
    before.study = study_before;
    upper.study_keys_before = before.study_keys();
  }
  if (series_changed && !upper.new_series) {
    Upper before;
    before.series = series_before;
    upper.series_keys_before = before.series_keys();
  }
  return upper;
}

Status Group::close_upper(Upper& upper, const StoreInstance& op) {
  upper.study.changed = time_;
  upper.series.changed = time_;
  if (upper.new_series) {
    add_count(upper.study.attributes, kSeriesInStudy);
    ++counts_.series;
  }
  if (upper.new_study) ++counts_.studies;
  if (upper.study_fields_changed) replace_keys(upper.study_keys_before, upper.study_keys());
  if (upper.series_fields_changed) replace_keys(upper.series_keys_before, upper.series_keys());
  const InstanceRow& i = op.instance;
  batch_.put(Table::rows, key::row(Kind::study, study_id(i.study)), encode(upper.study));
  batch_.put(Table::rows, key::row(Kind::series, series_id(i.study, i.series)),
             encode(upper.series));
  return {};
}

Result<OpOutcome> Group::run(StoreInstance& op) {
  InstanceRow& now = op.instance;
  const Bytes id = instance_id(now.study, now.series, now.uid);
  const Bytes row_key = key::row(Kind::instance, id);
  MEDARC_ASSIGN(std::optional<Bytes> held_value, batch_.get(Table::rows, row_key));
  std::optional<InstanceRow> held;
  if (held_value) {
    MEDARC_ASSIGN(held, decode_instance(*held_value));
    if (same_object(*held, now)) {
      MEDARC_ASSIGN(auto study, read(key::row(Kind::study, study_id(now.study)), decode_study));
      return OpOutcome{State::duplicate, held->version, study ? study->patient : PatientKey{}};
    }
  }

  MEDARC_ASSIGN(Upper upper, open_upper(op));
  now.received = time_;
  now.version = held ? held->version + 1 : 1;
  upper.study.bytes += now.dataset_bytes;
  upper.series.bytes += now.dataset_bytes;
  Subject subject{Kind::instance};
  subject.instance = &now;
  std::vector<Bytes> keys_before;
  if (held) {
    upper.study.bytes -= std::min(upper.study.bytes, held->dataset_bytes);
    upper.series.bytes -= std::min(upper.series.bytes, held->dataset_bytes);
    batch_.put(Table::rows, key::version(id, held->version), std::move(*held_value));
    Subject before{Kind::instance};
    before.instance = &*held;
    keys_before = field_keys(before);
  } else {
    add_count(upper.study.attributes, kInstancesInStudy);
    add_count(upper.series.attributes, kInstancesInSeries);
    ++counts_.instances;
  }
  MEDARC_TRY(close_upper(upper, op));
  replace_keys(keys_before, field_keys(subject));
  batch_.put(Table::rows, row_key, encode(now));
  batch_.put(Table::metadata, id, metadata_form(op.metadata_zstd));
  batch_.put(Table::refs,
             key::blob_reference(now.dataset, key::owner(Kind::instance, id, now.version)), {});
  const State state = held ? State::new_version : State::done;
  record(Kind::instance, id, state);
  return OpOutcome{state, now.version, upper.study.patient};
}

}  // namespace medarc::index

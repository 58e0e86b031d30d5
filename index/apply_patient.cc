// Patients: one row a person, found by each identifier. Seen first in an image, in a genome or over
// FHIR, in any order and from any number of senders.
#include <algorithm>

#include "index/apply.h"

namespace medarc::index {
namespace {

std::vector<Bytes> keys_of(const PatientRow& row) {
  Subject s{Kind::patient};
  s.patient = &row;
  return field_keys(s);
}

bool holds(const std::vector<Identifier>& list, const Identifier& identifier) {
  return std::find(list.begin(), list.end(), identifier) != list.end();
}

}  // namespace

Result<std::optional<PatientRow>> Group::read_patient(const PatientKey& key) {
  return read(key::row(Kind::patient, key.value), decode_patient);
}

Result<std::optional<PatientKey>> Group::owner_of(const Identifier& identifier) {
  MEDARC_ASSIGN(std::optional<Bytes> value, batch_.get(Table::rows, key::identifier(identifier)));
  if (!value) return std::optional<PatientKey>();
  return std::optional<PatientKey>(PatientKey(std::move(*value)));
}

Status Group::write_patient(const std::optional<PatientRow>& before, PatientRow after) {
  after.version = before ? before->version + 1 : 1;
  after.changed = time_;
  const bool was_there = before && !before->removed;
  if (!was_there && !after.removed) ++counts_.patients;
  if (was_there && after.removed) --counts_.patients;

  std::vector<Identifier> known;
  if (was_there) known = before->identifiers;
  for (const Identifier& i : known) {
    if (after.removed || !holds(after.identifiers, i)) {
      batch_.remove(Table::rows, key::identifier(i));
    }
  }
  std::vector<std::string> new_ids;
  if (!after.removed) {
    for (const Identifier& i : after.identifiers) {
      if (holds(known, i)) continue;
      batch_.put(Table::rows, key::identifier(i), after.key.value);
      new_ids.push_back(i.id);
    }
  }
  replace_keys(was_there ? keys_of(*before) : std::vector<Bytes>(), keys_of(after));
  batch_.put(Table::rows, key::row(Kind::patient, after.key.value), encode(after));
  record(Kind::patient, after.key.value,
         after.removed ? State::not_found : (before ? State::new_version : State::done));
  for (const std::string& id : new_ids) MEDARC_TRY(link_files(id));
  return {};
}

Status Group::fill_patient(const PatientKey& key, const AttributeSet& attributes) {
  MEDARC_ASSIGN(std::optional<PatientRow> row, read_patient(key));
  if (!row || row->removed) return {};
  PatientRow after = *row;
  if (!after.attributes.fill(attributes)) return {};
  return write_patient(row, std::move(after));
}

Result<PatientKey> Group::meet_patient(const Identifier& identifier, const PatientKey& if_new,
                                       const AttributeSet& attributes) {
  if (!identifier.id.empty()) {
    MEDARC_ASSIGN(std::optional<PatientKey> owner, owner_of(identifier));
    if (owner) {
      MEDARC_TRY(fill_patient(*owner, attributes));
      return *owner;
    }
  }
  MEDARC_ASSIGN(std::optional<PatientRow> row, read_patient(if_new));
  PatientRow after = row.value_or(PatientRow{if_new});
  bool changed = !row || row->removed;
  after.removed = false;
  if (row && row->removed) after.identifiers.clear();  // they are free again, and may have gone
  if (!identifier.id.empty() && !holds(after.identifiers, identifier)) {
    after.identifiers.push_back(identifier);
    changed = true;
  }
  changed |= after.attributes.fill(attributes);
  if (changed) MEDARC_TRY(write_patient(row, std::move(after)));
  return if_new;
}

// Which patient a study belongs to. The first identified one stays; a study that came without a
// patient id takes the first that arrives.
Result<PatientKey> Group::patient_of_study(const PatientKey& current, const StoreInstance& op) {
  if (current.value.empty()) {
    return meet_patient(op.patient, op.patient_if_new, op.patient_attributes);
  }
  if (op.patient.id.empty()) {
    MEDARC_TRY(fill_patient(current, op.patient_attributes));
    return current;
  }
  MEDARC_ASSIGN(std::optional<PatientKey> owner, owner_of(op.patient));
  if (owner && *owner == current) {
    MEDARC_TRY(fill_patient(current, op.patient_attributes));
    return current;
  }
  MEDARC_ASSIGN(std::optional<PatientRow> row, read_patient(current));
  const bool anonymous = row && row->identifiers.empty() && row->resource.empty();
  if (!anonymous) return current;
  if (owner) {
    PatientRow gone = *row;
    gone.removed = true;
    MEDARC_TRY(write_patient(row, std::move(gone)));
    MEDARC_TRY(fill_patient(*owner, op.patient_attributes));
    return *owner;
  }
  PatientRow known = *row;
  known.removed = false;
  known.identifiers.push_back(op.patient);
  known.attributes.fill(op.patient_attributes);
  MEDARC_TRY(write_patient(row, std::move(known)));
  return current;
}

Result<OpOutcome> Group::run(PutPatient& op) {
  PatientRow& after = op.patient;
  MEDARC_ASSIGN(std::optional<PatientRow> row, read_patient(after.key));
  const bool there = row && !row->removed;
  const uint64_t version = row ? row->version : 0;
  if (op.expect_version && (*op.expect_version == 0 ? there : *op.expect_version != version)) {
    return OpOutcome{State::precondition_failed, version, after.key};
  }
  if (after.removed && !there) return OpOutcome{State::not_found, version, after.key};
  if (!after.removed) {
    for (const Identifier& i : after.identifiers) {
      MEDARC_ASSIGN(std::optional<PatientKey> owner, owner_of(i));
      if (owner && *owner != after.key) return OpOutcome{State::conflict, 0, *owner};
    }
  }
  if (row && row->identifiers == after.identifiers && row->attributes == after.attributes &&
      row->resource == after.resource && row->removed == after.removed) {
    return OpOutcome{State::duplicate, version, after.key};
  }
  const PatientKey key = after.key;
  MEDARC_TRY(write_patient(row, std::move(after)));
  return OpOutcome{State::done, version + 1, key};
}

}  // namespace medarc::index

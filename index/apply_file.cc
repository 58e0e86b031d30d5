// Genomic files and their patients. A file without a stated patient is linked when exactly one
// patient has one of its sample names as an id, now or when such a patient appears.
#include <algorithm>
#include <set>

#include "index/apply.h"

namespace medarc::index {
namespace {

constexpr size_t kFilesLinkedMax = 1000;  // by one new identifier

std::vector<Bytes> keys_of(const FileRow& row) {
  Subject s{Kind::file};
  s.file = &row;
  return field_keys(s);
}

std::vector<Digest> blobs_of(const FileRow& row) {
  std::vector<Digest> out{row.blob};
  if (row.index_blob) out.push_back(*row.index_blob);
  if (row.block_map_blob) out.push_back(*row.block_map_blob);
  for (const Attachment& a : row.attachments) out.push_back(a.blob);
  return out;
}

Bytes name_prefix(Kind kind, Tag tag, std::string_view name) {
  return key::field_value(kind, tag, plain_form({'L', 'O'}, name));
}

}  // namespace

Result<std::optional<PatientKey>> Group::patient_by_samples(
    const std::vector<std::string>& samples) {
  std::set<Bytes> found;
  for (const std::string& sample : samples) {
    if (sample.empty() || sample.size() > kFieldValueBytesMax) continue;
    const Bytes prefix = name_prefix(Kind::patient, kPatientId, sample);
    MEDARC_ASSIGN(std::vector<Bytes> keys, batch_.keys(Table::fields, prefix, 2));
    for (const Bytes& k : keys) found.insert(k.substr(prefix.size()));
    if (found.size() > 1) return std::optional<PatientKey>();
  }
  if (found.empty()) return std::optional<PatientKey>();
  return std::optional<PatientKey>(PatientKey(*found.begin()));
}

void Group::write_file(const FileRow* before, const FileRow& after) {
  replace_keys(before == nullptr ? std::vector<Bytes>() : keys_of(*before), keys_of(after));
  batch_.put(Table::rows, key::row(Kind::file, after.id.value), encode(after));
}

Status Group::link_files(const std::string& patient_id) {
  if (patient_id.empty() || patient_id.size() > kFieldValueBytesMax || counts_.files == 0)
    return {};
  const Bytes prefix = name_prefix(Kind::file, kFieldSample, patient_id);
  MEDARC_ASSIGN(std::vector<Bytes> keys, batch_.keys(Table::fields, prefix, kFilesLinkedMax));
  for (const Bytes& k : keys) {
    const Bytes id = k.substr(prefix.size());
    MEDARC_ASSIGN(std::optional<FileRow> file, read(key::row(Kind::file, id), decode_file));
    if (!file || !file->patient.value.empty()) continue;
    MEDARC_ASSIGN(std::optional<PatientKey> patient, patient_by_samples(file->samples));
    if (!patient) continue;
    FileRow linked = *file;
    linked.patient = *patient;
    write_file(&*file, linked);
    record(Kind::file, id, State::new_version);
  }
  return {};
}

Result<OpOutcome> Group::run(StoreFile& op) {
  FileRow& file = op.file;
  MEDARC_ASSIGN(std::optional<FileRow> held,
                read(key::row(Kind::file, file.id.value), decode_file));
  if (held) {
    return OpOutcome{held->blob == file.blob ? State::duplicate : State::conflict, 1,
                     held->patient};
  }
  if (op.patient && !op.patient->id.empty()) {
    MEDARC_ASSIGN(file.patient, meet_patient(*op.patient, op.patient_if_new, {}));
  } else if (!file.patient.value.empty()) {
    MEDARC_ASSIGN(std::optional<PatientRow> patient, read_patient(file.patient));
    if (!patient || patient->removed) return OpOutcome{State::not_found, 0, file.patient};
  } else {
    MEDARC_ASSIGN(std::optional<PatientKey> patient, patient_by_samples(file.samples));
    if (patient) file.patient = *patient;
  }
  file.received = time_;
  file.consent = {};  // set by its own op
  write_file(nullptr, file);
  const key::Owner owner = key::owner(Kind::file, file.id.value);
  for (const Digest& blob : blobs_of(file)) {
    batch_.put(Table::refs, key::blob_reference(blob, owner), {});
  }
  ++counts_.files;
  record(Kind::file, file.id.value, State::done);
  return OpOutcome{State::done, 1, file.patient};
}

Result<OpOutcome> Group::run(AmendFile& op) {
  MEDARC_ASSIGN(std::optional<FileRow> held, read(key::row(Kind::file, op.id.value), decode_file));
  if (!held) return OpOutcome{State::not_found, 0, {}};
  if (held->blob != op.blob) return OpOutcome{State::precondition_failed, 0, held->patient};
  FileRow after = *held;
  for (const Attachment& a : op.attachments) {
    std::erase_if(after.attachments, [&](const Attachment& old) { return old.role == a.role; });
    after.attachments.push_back(a);
  }
  std::sort(after.attachments.begin(), after.attachments.end(),
            [](const Attachment& a, const Attachment& b) { return a.role < b.role; });
  after.identities.insert(after.identities.end(), op.identities.begin(), op.identities.end());
  std::sort(after.identities.begin(), after.identities.end());
  after.identities.erase(std::unique(after.identities.begin(), after.identities.end()),
                         after.identities.end());
  if (!op.statistics_json.empty()) after.statistics_json = op.statistics_json;
  if (encode(after) == encode(*held)) return OpOutcome{State::duplicate, 1, held->patient};
  write_file(&*held, after);
  const key::Owner owner = key::owner(Kind::file, op.id.value);
  for (const Digest& blob : blobs_of(*held)) {
    batch_.remove(Table::refs, key::blob_reference(blob, owner));
  }
  for (const Digest& blob : blobs_of(after)) {
    batch_.put(Table::refs, key::blob_reference(blob, owner), {});
  }
  record(Kind::file, op.id.value, State::new_version);
  return OpOutcome{State::done, 1, held->patient};
}

Result<OpOutcome> Group::run(SetConsent& op) {
  MEDARC_ASSIGN(std::optional<FileRow> held, read(key::row(Kind::file, op.id.value), decode_file));
  if (!held) return OpOutcome{State::not_found, 0, {}};
  const Consent& before = held->consent;
  if (op.expect_version && *op.expect_version != before.version) {
    return OpOutcome{State::precondition_failed, before.version, held->patient};
  }
  if (op.consent.terms == before.terms && op.consent.regions == before.regions) {
    return OpOutcome{State::duplicate, before.version, held->patient};
  }
  FileRow after = *held;
  after.consent = std::move(op.consent);
  // Of the commit: a file that is removed and stored anew never has a version it had before.
  after.consent.version = number_.value;
  after.consent.changed = time_;
  write_file(&*held, after);
  record(Kind::file, op.id.value, State::new_version);
  return OpOutcome{State::done, after.consent.version, held->patient};
}

Result<OpOutcome> Group::run(RemoveFile& op) {
  const Bytes row_key = key::row(Kind::file, op.id.value);
  MEDARC_ASSIGN(std::optional<FileRow> held, read(row_key, decode_file));
  if (!held) return OpOutcome{State::not_found, 0, {}};
  replace_keys(keys_of(*held), {});
  batch_.remove(Table::rows, row_key);
  const key::Owner owner = key::owner(Kind::file, op.id.value);
  for (const Digest& blob : blobs_of(*held)) {
    batch_.remove(Table::refs, key::blob_reference(blob, owner));
  }
  --counts_.files;
  record(Kind::file, op.id.value, State::not_found);
  return OpOutcome{State::done, 1, held->patient};
}

}  // namespace medarc::index

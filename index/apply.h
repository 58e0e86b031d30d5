// From facts to rows: the one deterministic function behind every write and every replay. A Group
// works out a group of commits in log order over the state before it; what it answers depends on
// nothing else (no clock, no configuration, no randomness).
//
// Rules, by file: apply.cc the order of things and the helpers; apply_places.cc chunks, manifests
// and their references; apply_instance.cc, apply_file.cc, apply_patient.cc, apply_audit.cc,
// apply_job.cc, apply_removal.cc, apply_work_item.cc the ops; apply_study_notes.cc and
// apply_setting.cc what audit entries note of studies, and set.
// Not thread-safe; one group at a time.
#pragma once

#include "archive/catalog.h"
#include "index/batch.h"
#include "index/fields.h"
#include "index/ops.h"
#include "index/setting.h"
#include "index/study_notes.h"

namespace medarc::index {

inline constexpr size_t kDerivedValuesMax = 256;  // of one derived list, so that rows stay small

struct Counts {
  uint64_t patients = 0, studies = 0, series = 0, instances = 0, files = 0, audit_entries = 0;
};
Bytes encode(const Counts& counts);
Result<Counts> decode_counts(ByteView value);

class Group {
 public:
  explicit Group(StateReader& before) : batch_(before) {}
  Status load();  // first of all
  // Applies one commit. Errors leave the group unusable: corrupt (facts that no door could have
  // committed), or what the reader answered.
  Result<std::vector<OpOutcome>> apply(const archive::Application& application);
  void finish(archive::CommitNumber last);  // last of all
  const Batch& batch() const { return batch_; }

 private:
  Status place(const archive::Application& application);
  void put_manifest(const archive::NewBlob& blob);
  Status drop_manifest(const Digest& blob);
  Result<OpOutcome> run(StoreInstance& op);
  Result<OpOutcome> run(StoreFile& op);
  Result<OpOutcome> run(RemoveFile& op);
  Result<OpOutcome> run(AmendFile& op);
  Result<OpOutcome> run(SetConsent& op);
  Result<OpOutcome> run(PutPatient& op);
  Result<OpOutcome> run(RecordAudit& op);
  Result<OpOutcome> run(PutJob& op);
  Result<OpOutcome> run(ChangeJob& op);
  Result<OpOutcome> run(RemoveJob& op);
  Result<OpOutcome> run(RemoveImages& op);
  Result<OpOutcome> run(PutWorkItem& op);
  Result<OpOutcome> run(RemoveWorkItem& op);
  Result<OpOutcome> run(PutSubscription& op);
  Result<OpOutcome> run(RemoveSubscription& op);

  // Instances.
  struct Upper;  // the study and series rows around an instance, before and after
  Result<Upper> open_upper(const StoreInstance& op);
  Status close_upper(Upper& upper, const StoreInstance& op);
  Result<uint64_t> remove_instance(const Bytes& id);  // answers its bytes
  Status remove_series(const Bytes& id);
  Status shrink_series(const Bytes& id, uint64_t bytes);
  Status recount_study(const StudyUid& uid);
  // Notes; `name`: who the note is of.
  Result<State> take_note(const StudyNote& note, const std::string& name);
  void take_setting(const SettingChange& change);
  // Patients.
  Result<std::optional<PatientRow>> read_patient(const PatientKey& key);
  Result<std::optional<PatientKey>> owner_of(const Identifier& identifier);
  Status write_patient(const std::optional<PatientRow>& before, PatientRow after);
  Result<PatientKey> meet_patient(const Identifier& identifier, const PatientKey& if_new,
                                  const AttributeSet& attributes);
  Result<PatientKey> patient_of_study(const PatientKey& current, const StoreInstance& op);
  Status fill_patient(const PatientKey& key, const AttributeSet& attributes);
  // Files.
  Result<std::optional<PatientKey>> patient_by_samples(const std::vector<std::string>& samples);
  Status link_files(const std::string& patient_id);
  void write_file(const FileRow* before, const FileRow& after);

  template <class Row>
  Result<std::optional<Row>> read(ByteView row_key, Result<Row> (*decode)(ByteView)) {
    MEDARC_ASSIGN(std::optional<Bytes> value, batch_.get(Table::rows, row_key));
    if (!value) return std::optional<Row>();
    MEDARC_ASSIGN(Row row, decode(*value));
    return std::optional<Row>(std::move(row));
  }
  void replace_keys(const std::vector<Bytes>& before, const std::vector<Bytes>& after);
  void record(Kind kind, ByteView id, State state);

  Batch batch_;
  Counts counts_;
  Bytes audit_head_;
  archive::CommitNumber number_;
  uint32_t events_ = 0;
  Timestamp time_;
  bool changed_nothing_ = false;  // the last StoreInstance or PutWorkItem of this commit
};

// Whether facts may be committed: ids named and within bounds, blobs among the staged ones.
// invalid_argument otherwise. What passes here always applies.
Status check_facts(const Facts& facts, const std::vector<archive::StagedBlob>& blobs);
inline constexpr size_t kIdBytesMax = 255;  // of one part of a row id

// Pages of a manifest as stored.
Bytes encode(const archive::ManifestPage& page);
Result<archive::ManifestPage> decode_manifest(uint64_t first_offset, ByteView value);
Bytes encode(const archive::ChunkLocation& location);
Result<archive::ChunkLocation> decode_location(ByteView value);

}  // namespace medarc::index

// Facts: what a commit says has happened. The log keeps them; `apply` derives rows from them in log
// order, so decisions that depend on other writers (is this a duplicate? which version? does the
// patient exist?) are taken there, once, without locks at the doors, and again equally at replay.
// Encodings are versioned and part of the log's format (index/KEYS.md).
#pragma once

#include <variant>

#include "index/work_item.h"

namespace medarc::index {

// One SOP instance has arrived. Same UID and same dataset bytes: duplicate (nothing changes,
// unless the envelope was received and differs from a received one: then a new version). Same UID
// and other bytes: new version, latest served, earlier ones kept.
struct StoreInstance {
  Identifier patient;         // id may be empty
  PatientKey patient_if_new;  // the key if this identifier is not known yet
  AttributeSet patient_attributes, study_attributes, series_attributes;
  InstanceRow instance;  // version is decided by apply
  Bytes metadata_zstd;   // DICOM JSON object of the instance, zstd; see dicom/metadata.h
};

// A genomic file has arrived. conflict: the id is taken by other bytes; duplicate: by the same.
// If no patient is given, a patient whose identifier equals a sample name, if exactly one, is
// linked.
struct StoreFile {
  FileRow file;
  std::optional<Identifier> patient;  // created when unknown
  PatientKey patient_if_new;
};

// A study, one of its series, or one instance goes away with all its versions; the bytes become
// collectable, and a Tombstone stays. not_found: nothing of it is here. What is sent again
// afterwards is stored as if it were new.
struct RemoveImages {
  StudyUid study;
  std::optional<SeriesUid> series;         // nullopt: the whole study
  std::optional<SopInstanceUid> instance;  // nullopt: the whole series; needs one
  std::string reason;                      // for people, without patient data
};

// A genomic file goes away; its blobs become collectable.
struct RemoveFile {
  FileId id;
};

// What was made of a genomic file after it arrived. precondition_failed: the id holds other bytes;
// not_found: it holds none; duplicate: nothing of it is new.
struct AmendFile {
  FileId id;
  Digest blob;                          // the content it was made of
  std::vector<Attachment> attachments;  // added, or in place of those of the same role
  std::vector<std::string> identities;  // added
  Bytes statistics_json;                // empty: stays
};

// What a genomic file may be used for from now on. Of the version named (0: never set):
// precondition_failed; not_found: there is no such file; duplicate: it is so already. The outcome's
// version is that of the consent as it is then.
struct SetConsent {
  FileId id;
  Consent consent;  // version and changed are decided by apply
  std::optional<uint64_t> expect_version;
};

// A patient written over FHIR. expect_version: nullopt = unconditional, 0 = must not exist.
// done with the new version; precondition_failed; duplicate (identical content: no version).
struct PutPatient {
  PatientRow patient;  // version and changed are decided by apply
  std::optional<uint64_t> expect_version;
};

struct RecordAudit {
  AuditEntry entry;
};

// There is something to be done later. duplicate: a job of this name is in the queue already, or
// (with_instance) the StoreInstance or PutWorkItem before it in the same commit changed nothing.
struct PutJob {
  JobRow job;  // version and created are decided by apply
  bool with_instance = false;
};

// A job was tried, or an operator wants it tried again. Only of the version named: not_found,
// precondition_failed otherwise.
struct ChangeJob {
  std::string queue, name;
  uint64_t expect_version = 0;
  JobRow::State state = JobRow::State::waiting;
  uint32_t attempts = 0;
  Timestamp due;
  std::string problem;
};

// A job is done, or not wanted any more. As ChangeJob; without a version: whatever it is.
struct RemoveJob {
  std::string queue, name;
  std::optional<uint64_t> expect_version;
};

// A work item as it is from now on. Of the version named (0: there was none): precondition_failed,
// not_found, or (0) conflict: the UID is taken, or was by an item that has been removed.
struct PutWorkItem {
  WorkItemRow item;  // version and times are decided by apply
  uint64_t expect_version = 0;
};

// A work item goes away, with the subscriptions to it. Only of the version named.
struct RemoveWorkItem {
  SopInstanceUid uid;
  uint64_t expect_version = 0;
};

// Somebody wants to be told, or wants it otherwise than before. not_found: no such item; duplicate:
// (with_item) the PutWorkItem before it in the same commit changed nothing.
struct PutSubscription {
  SubscriptionRow subscription;  // since is decided by apply
  bool with_item = false;
};

struct RemoveSubscription {
  SopInstanceUid target;
  std::string aet;
};

using Op = std::variant<StoreInstance, StoreFile, RemoveFile, PutPatient, RecordAudit, PutJob,
                        ChangeJob, RemoveJob, RemoveImages, PutWorkItem, RemoveWorkItem,
                        PutSubscription, RemoveSubscription, AmendFile, SetConsent>;

enum class State : uint8_t {
  done,
  duplicate,
  new_version,
  conflict,
  precondition_failed,
  not_found
};

struct OpOutcome {
  State state = State::done;
  uint64_t version = 0;  // of the instance, patient, job or consent now
  PatientKey patient;    // the patient it belongs to, where there is one
};

struct Facts {
  Timestamp time;  // when the door took it; rows take their times from here
  std::vector<Op> ops;
};

Bytes encode(const Facts&);
Result<Facts> decode_facts(ByteView);

}  // namespace medarc::index

// The rows of the index: what one patient, study, series, instance or genomic file is. Derived from
// committed facts (ops.h) by one deterministic function (apply), so that a rebuild gives the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/blob_store.h"
#include "base/clock.h"
#include "index/attributes.h"

namespace medarc::index {

using StudyUid = Strong<std::string, struct StudyUidTag>;
using SeriesUid = Strong<std::string, struct SeriesUidTag>;
using SopInstanceUid = Strong<std::string, struct SopInstanceUidTag>;
using SopClassUid = Strong<std::string, struct SopClassUidTag>;
using TransferSyntaxUid = Strong<std::string, struct TransferSyntaxUidTag>;
using PatientKey = Strong<std::string, struct PatientKeyTag>;  // our id of a patient = FHIR id
using FileId = Strong<std::string, struct FileIdTag>;          // a genomic file

// Values are part of the stored format.
enum class Kind : uint8_t {
  patient = 1,
  study = 2,
  series = 3,
  instance = 4,
  file = 5,
  audit = 6,
  job = 7,
  work_item = 8,
  subscription = 9
};

// Fields that are no DICOM attribute.
inline constexpr Tag kFieldPatientKey{0xFFFE0001};  // study, file: the patient they belong to
inline constexpr Tag kFieldIdentifier{0xFFFE0002};  // patient: "issuer|id", each identifier
inline constexpr Tag kFieldSample{0xFFFE0003};      // file: each sample name
inline constexpr Tag kFieldFormat{0xFFFE0004};      // file: "bam", "fastq", …
inline constexpr Tag kFieldFileName{0xFFFE0005};    // file: the name given at upload
inline constexpr Tag kFieldIdentity{0xFFFE0009};    // file: each of FileRow::identities
inline constexpr Tag kFieldNameWords{0xFFFE0007};   // patient, study: words of the name, folded
// Work items: codes in their sequences, each as its value and as value, 0x1E, coding scheme.
inline constexpr Tag kFieldStationName{0xFFFE0010}, kFieldStationClass{0xFFFE0011},
    kFieldStationLocation{0xFFFE0012}, kFieldWorkitemCode{0xFFFE0013},
    kFieldHumanPerformer{0xFFFE0014};
inline constexpr Tag kFieldReceived{0xFFFE0006};  // all: when first stored, fixed-width decimal us

// An identifier and who gave it: DICOM Issuer of Patient ID = HL7 CX.4 = FHIR Identifier.system.
// The issuer may be empty (unknown).
struct Identifier {
  std::string issuer, id;
  bool operator==(const Identifier&) const = default;
  std::string joined() const { return issuer + "|" + id; }
};

struct PatientRow {
  PatientKey key;
  std::vector<Identifier> identifiers;
  AttributeSet attributes;  // 0010,0010 name; 0010,0030 birth date; 0010,0040 sex; …
  Bytes resource;           // FHIR Patient JSON as last written over FHIR; empty: born from DICOM
  uint64_t version = 0;     // 1 on, one more with each visible change
  bool removed = false;
  Timestamp changed;
};

struct StudyRow {
  StudyUid uid;
  PatientKey patient;
  AttributeSet attributes;  // patient and study level, with the derived 0008,0061 0008,0062
                            // 0020,1206 0020,1208
  uint64_t bytes = 0;       // of all datasets, latest versions
  Timestamp received, changed;
};

struct SeriesRow {
  StudyUid study;
  SeriesUid uid;
  AttributeSet attributes;  // series level, with the derived 0020,1209
  uint64_t bytes = 0;
  Timestamp received, changed;
};

struct InstanceRow {
  StudyUid study;
  SeriesUid series;
  SopInstanceUid uid;
  SopClassUid sop_class;
  TransferSyntaxUid transfer_syntax;
  AttributeSet attributes;  // instance level
  Digest dataset;           // the blob: dataset bytes exactly as received, without preamble and
                            // file meta information
  uint64_t dataset_bytes = 0;
  Bytes envelope;                  // preamble, "DICM" and file meta as received; or made by us
  bool envelope_received = false;  // false: made by us for an object that came over DIMSE
  Bytes frame_table;               // dicom/frame_table.h
  uint32_t version = 1;            // of this SOP instance UID in this series
  Timestamp received;
};

// What stays of a removed study, series or instance.
struct Tombstone {
  Timestamp removed;
  uint64_t instances = 0;  // that went with it
  std::string reason;
};

// A blob beside a genomic file, made from it: its depth, its reads in another order.
struct Attachment {
  std::string role;  // 1 to 64 bytes; one of each role
  Digest blob;
  uint64_t bytes = 0;
  bool operator==(const Attachment&) const = default;
};

// A term of the GA4GH Data Use Ontology as consent was given (genomics/duo.h).
struct DuoTerm {
  std::string id;         // "DUO:0000007"
  std::string qualifier;  // what it is limited to: "MONDO:0005015"; "": nothing
  bool operator==(const DuoTerm&) const = default;
};
// A part of a genomic file that is given only where its own terms allow it; without terms to
// nobody.
struct ConsentRegion {
  std::string reference;
  uint32_t begin = 0, end = 0;  // 0-based, half-open
  std::vector<DuoTerm> terms;
  bool operator==(const ConsentRegion&) const = default;
};
struct Consent {
  std::vector<DuoTerm> terms;  // none: nothing was said
  std::vector<ConsentRegion> regions;
  uint64_t version = 0;  // number of the commit that set it; 0: never set. Decided by apply
  Timestamp changed;     // likewise
  bool operator==(const Consent&) const = default;
};

struct FileRow {
  FileId id;
  PatientKey patient;        // empty: not linked yet
  std::string name, format;  // format: "bam", "fastq"
  std::vector<std::string> samples;
  Digest blob;
  uint64_t bytes = 0;
  std::string md5_hex;
  std::optional<Digest> index_blob;      // BAI or CSI
  std::string index_kind;                // "bai", "csi" or ""
  std::optional<Digest> block_map_blob;  // genomics/block_map.h
  Bytes statistics_json;                 // object text, as served
  Timestamp received;
  std::vector<Attachment> attachments;  // by role, ascending
  std::vector<std::string> identities;  // "kind:value": what else names the same content; ascending
  Consent consent;
};
const Attachment* attachment(const FileRow& file, std::string_view role);  // nullptr: none

struct AuditEntry {
  Timestamp time;
  std::string principal;  // id, never a secret
  std::string door;       // "dimse", "dicomweb", "genomics", "fhir", "cli", …
  std::string action;     // "store", "read", "find", "remove", "refuse"
  std::string object;     // what: "study/1.2.3", "file/abc", "patient/xyz", "studies"
  std::string detail;     // query or reason, without values of identifying attributes
  uint32_t count = 1;     // grouped reads
  bool allowed = true;
};

// Work that must be done even when the process dies before: a report to a peer, a delivery. Named
// by its queue and its name in it; jobs of a queue are ordered by name (index/jobs.h runs them).
struct JobRow {
  enum class State : uint8_t { waiting = 1, failed = 2 };  // values are stored; done: no row
  std::string queue, name;                                 // 1 to 255 bytes, no NUL
  std::string kind;                                        // who runs it
  Bytes payload;                                           // theirs
  State state = State::waiting;
  uint32_t attempts = 0;
  uint64_t version = 0;  // 1 on, one more with each change; decided by apply
  Timestamp created;     // decided by apply
  Timestamp due;         // not before
  std::string problem;   // of the last attempt, without patient data
};

// How much of a blob's row set to return is the query's business; see index.h.
struct Row {
  Kind kind;
  Bytes id;     // key_of(...) below
  Bytes value;  // encoded row
};

// Row ids. Parts never hold NUL bytes (checked where facts are made).
Bytes study_id(const StudyUid&);
Bytes series_id(const StudyUid&, const SeriesUid&);
Bytes instance_id(const StudyUid&, const SeriesUid&, const SopInstanceUid&);
Bytes job_id(std::string_view queue, std::string_view name);

// Versioned encodings. decode answers Code::corrupt for anything encode could not have written.
Bytes encode(const PatientRow&);
Bytes encode(const StudyRow&);
Bytes encode(const SeriesRow&);
Bytes encode(const InstanceRow&);
Bytes encode(const FileRow&);
Bytes encode(const AuditEntry&);
Bytes encode(const JobRow&);
Bytes encode(const Tombstone&);
Result<PatientRow> decode_patient(ByteView);
Result<StudyRow> decode_study(ByteView);
Result<SeriesRow> decode_series(ByteView);
Result<InstanceRow> decode_instance(ByteView);
Result<FileRow> decode_file(ByteView);
Result<AuditEntry> decode_audit(ByteView);
Result<JobRow> decode_job(ByteView);
Result<Tombstone> decode_tombstone(ByteView);

}  // namespace medarc::index

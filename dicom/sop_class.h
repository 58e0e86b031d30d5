// SOP classes by UID: which ones are storage, and which ones the association service takes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace medarc::dicom {

inline constexpr std::string_view kVerificationSopClass = "1.2.840.10008.1.1";
// Storage Commitment Push Model, and its one instance (PS3.4 J.3).
inline constexpr std::string_view kCommitmentSopClass = "1.2.840.10008.1.20.1";
inline constexpr std::string_view kCommitmentSopInstance = "1.2.840.10008.1.20.1.1";
// Unified Procedure Steps (PS3.4 annex CC.3.1). Every item is one of the Push class.
inline constexpr std::string_view kUpsPush = "1.2.840.10008.5.1.4.34.6.1";
inline constexpr std::string_view kUpsWatch = "1.2.840.10008.5.1.4.34.6.2";
inline constexpr std::string_view kUpsPull = "1.2.840.10008.5.1.4.34.6.3";
inline constexpr std::string_view kUpsEvent = "1.2.840.10008.5.1.4.34.6.4";
inline constexpr std::string_view kUpsQuery = "1.2.840.10008.5.1.4.34.6.5";
bool is_worklist(std::string_view sop_class);  // one of those we provide: not kUpsEvent

struct StorageSopClass {
  std::string_view uid;
  std::string_view keyword;  // PS3.6, without blanks
};
// All that are known, sorted by UID.
std::span<const StorageSopClass> storage_sop_classes();

// Query/Retrieve (PS3.4 annex C): an information model and what is done with it.
enum class Root { patient, study, patient_study_only };
enum class Retrieval { find, move, get };
struct QueryModel {
  Root root;
  Retrieval service;
};
std::optional<QueryModel> query_model_of(std::string_view sop_class);

enum class SopClassKind {
  verification,
  query_retrieve,
  commitment,
  worklist,
  storage,          // in the table
  storage_unknown,  // of another root (private), or newer than the table but in the storage arc
  other,            // a service of the standard that is not storage, or no UID at all
};
SopClassKind kind_of(std::string_view sop_class);

// Whether a presentation context for it is accepted. `unknown_storage`: policy for classes that are
// private or newer than the table (dicom.md D6).
bool acceptable_sop_class(std::string_view sop_class, bool unknown_storage);

// 1 to 64 digits, dots and (some scanners) letters: enough to be kept as a UID.
bool plausible_uid(std::string_view uid);

}  // namespace medarc::dicom

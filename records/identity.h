// Who a patient is: the key under which every identifier of one person meets.
#pragma once

#include <optional>

#include "index/rows.h"

namespace medarc::records {

// The key for a patient first seen under this identifier: "p" and 24 hex digits of
// SHA-256("issuer|id"). The same identifier gives the same key on every sender, so that parallel
// first sightings make one patient. An empty id gives a key from the study UID instead: two studies
// without a Patient ID are never joined.
index::PatientKey patient_key(const index::Identifier& identifier, const std::string& study_uid);

// "issuer|PatientID", "PatientID" or "Patient/{id}", as `patient=` parameters take it.
struct PatientReference {
  std::optional<index::PatientKey> key;
  std::optional<index::Identifier> identifier;
};
Result<PatientReference> parse_patient_reference(std::string_view text);  // invalid_argument

// FHIR R4 id: 1 to 64 of A-Z a-z 0-9 - and a dot.
bool is_resource_id(std::string_view text);

// The FHIR id of a genomic file's resource: the file's own id where that is a FHIR id; else "x." and
// the id with '.' and two hex digits for what FHIR does not take. Always leads back.
std::string resource_id_of(const index::FileId& file);
index::FileId file_of_resource(std::string_view resource_id);  // empty: no file can have it

}  // namespace medarc::records

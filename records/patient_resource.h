// FHIR Patient resources and PatientRows. A patient written over FHIR keeps its resource; one born
// from DICOM is rendered from the attributes.
#pragma once

#include <optional>

#include "base/config.h"
#include "index/rows.h"
#include "records/fhir_primitive.h"
#include "records/fhir_validate.h"
#include "records/issuers.h"
#include "records/json.h"

namespace medarc::records {

struct RecordsOptions {
  JsonLimits json;                   // of a resource from a client
  uint32_t identifiers_max = 100;    // of one patient
  uint32_t page_max = 1000;          // rows of one page of a search
  uint32_t everything_max = 10'000;  // resources of one $everything
  uint64_t rows_examined_max = 5'000'000;
  static RecordsOptions from(Config& config);  // section [records]
};

// A Patient that a client sent and that is valid.
struct PatientResource {
  Json json;       // without meta.versionId and meta.lastUpdated
  std::string id;  // as sent, may be empty
};

// Either the resource, or what is wrong with it. `too_large`: over a limit of `options`.
struct PatientReading {
  std::optional<PatientResource> resource;
  std::vector<Issue> issues;
  bool too_large = false;
};
PatientReading read_patient(ByteView text, const RecordsOptions& options);

// The identifiers of a Patient with a value, each once.
std::vector<index::Identifier> identifiers_of(const Json& patient, const Issuers& issuers);

// `before` (when there is one) keeps the attributes that FHIR says nothing about.
index::PatientRow row_of(const PatientResource& resource, const index::PatientKey& key,
                         const std::optional<index::PatientRow>& before, const Issuers& issuers);

// The Patient as served: with id and meta.
Result<Json> patient_json(const index::PatientRow& row, const Issuers& issuers);
// Without them: what a search looks at.
Result<Json> patient_content(const index::PatientRow& row, const Issuers& issuers);

std::string instant_text(Timestamp t);  // FHIR instant
// Names this server's versions in every resource it makes: id, meta.versionId, meta.lastUpdated.
void set_identity(Json& resource, std::string_view type, std::string_view id, uint64_t version,
                  Timestamp changed);

}  // namespace medarc::records

// The use cases on patients, for every door: each takes a Principal, decides by the policy, and is
// audited (writes in the same commit, reads before they are answered).
//
// Thread-safe. Crash behaviour: what a write answers is durable.
#pragma once

#include <array>
#include <memory>
#include <mutex>

#include "records/patient_search.h"
#include "security/guard.h"

namespace medarc::records {

struct PatientWritten {
  enum class What { created, updated, unchanged } what = What::created;
  index::PatientRow row;
};

class PatientService {
 public:
  PatientService(index::Index& index, security::Guard& guard, const Issuers& issuers,
                 const RecordsOptions& options);

  // A new patient. Identifiers decide who is who (identity.h):
  //   nobody has one of them       a new patient under a new id (created)
  //   someone born from DICOM has  that patient gets this resource, and keeps its id (created)
  //   a patient written over FHIR  the same content: unchanged; other content: conflict
  //   two patients have them       conflict
  // With `if_none_exist` the matches of that query come first: one: unchanged, with it; several:
  // precondition_failed. Any number of equal calls at once make one patient.
  Result<PatientWritten> create(const security::Principal& who, PatientResource resource,
                                const std::optional<PatientQuery>& if_none_exist = {});

  // Writes under this id; creates what is not there, revives what was removed. `if_match`: the
  // version it must have now, 0 for "not there", or precondition_failed. Equal content makes no
  // version. conflict: an identifier belongs to another patient.
  Result<PatientWritten> update(const security::Principal& who, const index::PatientKey& key,
                                PatientResource resource, std::optional<uint64_t> if_match = {});

  // not_found, gone.
  Result<index::PatientRow> read(const security::Principal& who, const index::PatientKey& key);
  // `keys`: names of the parameters used, for the audit entry.
  Result<PatientPage> search(const security::Principal& who, const PatientQuery& query,
                             const std::string& keys);

  const Issuers& issuers() const { return issuers_; }
  const RecordsOptions& options() const { return options_; }

 private:
  struct Put {
    index::OpOutcome outcome;
    index::PatientRow row;
  };
  Result<Put> put(const security::Principal& who, index::PatientRow row, uint64_t expect_version,
                  std::string detail);
  Result<std::optional<index::PatientRow>> owner_of(index::View& view,
                                                    const PatientResource& resource);

  index::Index& index_;
  security::Guard& guard_;
  const Issuers& issuers_;
  const RecordsOptions options_;
  std::array<std::mutex, 64> conditional_;  // equal conditions one after the other
};

}  // namespace medarc::records

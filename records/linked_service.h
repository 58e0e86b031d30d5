// What is linked to a patient: studies and genomic files, found and read the FHIR way. Each use
// case takes a Principal and is audited before it is answered.
//
// Thread-safe.
#pragma once

#include "records/imaging_study.h"
#include "records/patient_search.h"
#include "security/guard.h"

namespace medarc::records {

// Parameters of ImagingStudy and of DocumentReference.
std::span<const SearchParameter> study_parameters();
std::span<const SearchParameter> file_parameters();

struct LinkedQuery {
  enum class Of { studies, files } of = Of::studies;
  std::vector<std::vector<index::PatientKey>> patients;  // all of any, as in PatientQuery
  std::vector<std::vector<std::string>> ids;
  std::vector<std::vector<TokenTerm>> identifiers;  // of studies
  std::vector<std::string> own_bases;  // "http://host/fhir": references to us may be absolute
  uint32_t count = 50;
  Bytes after;
  // As PatientQuery::add.
  Status add(std::string_view key, std::string_view value);
};

struct StudyPage {
  std::vector<StudyWithSeries> studies;
  uint64_t total = 0;
  Bytes next;
};
struct FilePage {
  std::vector<index::FileRow> files;
  uint64_t total = 0;
  Bytes next;
};

// Everything of one patient that the principal may read; what it may not is not there.
struct Compartment {
  index::PatientRow patient;
  std::vector<StudyWithSeries> studies;
  std::vector<index::FileRow> files;
};

class LinkedService {
 public:
  LinkedService(index::Index& index, security::Guard& guard, const RecordsOptions& options);

  Result<StudyWithSeries> study(const security::Principal& who, const std::string& id);
  Result<StudyPage> studies(const security::Principal& who, const LinkedQuery& query,
                            const std::string& keys);
  Result<index::FileRow> file(const security::Principal& who, const std::string& id);
  Result<FilePage> files(const security::Principal& who, const LinkedQuery& query,
                         const std::string& keys);
  // not_found, gone, too_large (more than options.everything_max resources). One consistent state.
  Result<Compartment> everything(const security::Principal& who, const index::PatientKey& key);

 private:
  Result<StudyWithSeries> with_series(index::View& view, index::StudyRow row);
  index::Index& index_;
  security::Guard& guard_;
  const RecordsOptions options_;
};

}  // namespace medarc::records

#include "dicom/completeness/noter.h"

#include "base/log.h"
#include "index/study_notes.h"

namespace medarc::dicom {

void CommitmentTally::committed(const std::string& study, const std::string& instance) {
  if (seen_.insert(instance).second) ++studies_[study].committed;
}
void CommitmentTally::failed(const std::string& study, const std::string& instance) {
  if (seen_.insert(instance).second) ++studies_[study].failed;
}
void CommitmentTally::missing(const std::string& instance) {
  if (seen_.insert(instance).second) ++missing_;
}

void StudyNoter::association_ended(const std::string& name,
                                   const std::map<std::string, uint64_t>& instances,
                                   bool released) {
  std::vector<index::Op> ops;
  for (const auto& [study, count] : instances) {
    if (ops.size() == kStudiesMax) break;
    ops.emplace_back(index::note_association(index::StudyUid(study), name, released, count));
  }
  write(std::move(ops));
}

void StudyNoter::commitment_checked(const std::string& name, const CommitmentTally& tally) {
  std::vector<index::Op> ops;
  const uint64_t missing = tally.studies_.size() == 1 ? tally.missing_ : 0;
  for (const auto& [study, counts] : tally.studies_) {
    if (ops.size() == kStudiesMax) break;
    ops.emplace_back(index::note_commitment(index::StudyUid(study), name, counts.committed,
                                            counts.failed, missing));
  }
  write(std::move(ops));
}

void StudyNoter::write(std::vector<index::Op> ops) {
  if (ops.empty()) return;
  const auto done = index_.commit({}, index::Facts{now(), std::move(ops)});
  if (done.has_error()) log(medarc::Level::warn, "study.not_noted", {{"error", done.error().text}});
}

}  // namespace medarc::dicom

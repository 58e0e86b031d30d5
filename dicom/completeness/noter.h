// Writes down what is learnt of studies beside their objects (index/study_notes.h). Notes are
// evidence, not a promise: what cannot be written is logged, and nothing else suffers. Durable when
// the calls return; costs one sync. Thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>

#include "index/index.h"

namespace medarc::dicom {

// What one storage commitment transaction came to, by study.
class CommitmentTally {
 public:
  // An instance asked for: committed in `study`, failed in it, or (no study) missing. Each counts
  // once.
  void committed(const std::string& study, const std::string& instance);
  void failed(const std::string& study, const std::string& instance);
  void missing(const std::string& instance);

 private:
  friend class StudyNoter;
  struct Counts {
    uint64_t committed = 0, failed = 0;
  };
  std::set<std::string> seen_;
  std::map<std::string, Counts> studies_;
  uint64_t missing_ = 0;
};

class StudyNoter {
 public:
  static constexpr size_t kStudiesMax = 1000;  // of one association or transaction; not more

  explicit StudyNoter(index::Index& index) : index_(index) {}

  // `instances` were acknowledged, by Study Instance UID. `released`: it ended in order.
  void association_ended(const std::string& name, const std::map<std::string, uint64_t>& instances,
                         bool released);
  // Missing instances are noted of a study when the transaction was about no other.
  void commitment_checked(const std::string& name, const CommitmentTally& tally);

 private:
  void write(std::vector<index::Op> ops);
  index::Index& index_;
};

}  // namespace medarc::dicom

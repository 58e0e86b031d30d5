// Which stored objects are kept with their native pixels recompressed, from [[dicom.recompress]].
// Pure, once read.
//
//   [[dicom.recompress]]
//   calling = "CT*,MR1"          # who sent it over DIMSE; * and ? as in queries
//   bytes_min = 100000           # of the object
//   age_h = 24                   # hours since it was stored
//   Modality = "CT,MR"           # any attribute kept in rows (dicom/levels.cc), by keyword or tag
//   0008,0016 = "1.2.840.10008.5.1.4.1.1.2"
//
// All conditions of a rule must hold; commas separate alternatives. Without a rule nothing is
// recompressed; a rule without conditions is for all. Rules are for what is stored already as well.
#pragma once

#include <string>
#include <vector>

#include "base/config.h"
#include "index/rows.h"

namespace medarc::dicom {

// An instance with the rows it belongs to.
struct RuledInstance {
  const index::InstanceRow& instance;
  const index::SeriesRow& series;
  const index::StudyRow& study;
};

class RecompressRule {
 public:
  // Of the rule's text: what was done for a rule is done for every rule that says the same.
  const std::string& id() const { return id_; }
  bool holds(const RuledInstance& what) const;  // beside its age
  Timestamp due(const index::InstanceRow& row) const;

 private:
  friend class RecompressRules;
  struct Condition {
    index::Tag tag;
    std::vector<std::string> patterns;
  };
  std::string id_;
  std::vector<std::string> calling_;
  std::vector<Condition> conditions_;
  uint64_t bytes_min_ = 0;
  uint64_t age_h_ = 0;
};

// Immutable after it is read; thread-safe.
class RecompressRules {
 public:
  static constexpr size_t kRulesMax = 64;
  static constexpr uint64_t kAgeHoursMax = 100 * 8766;

  // invalid_argument: an unknown attribute, one that rows do not keep, no number. Needs
  // load_dictionary().
  static Result<RecompressRules> from(Config& config);
  bool empty() const { return rules_.empty(); }
  const std::vector<RecompressRule>& all() const { return rules_; }

 private:
  static Result<RecompressRule> read(const Config::Table& table);
  std::vector<RecompressRule> rules_;
};

}  // namespace medarc::dicom

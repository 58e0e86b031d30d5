// Which stored files get the cold form, from [[genomics.cold]]. Pure, once read.
//
//   [[genomics.cold]]
//   after_days = 30             # since the file was stored
//   format = "bam,vcf"          # of bam, fastq, vcf, bcf, fasta, bed; without: any
//   bytes_min = 1000000         # of the file
//   saving_percent = 10         # what a chunk must at least save (default 10)
//   level = 9                   # of zstd, 1 to 19: how hard it tries (default 9)
//
// All conditions of a rule must hold; commas separate alternatives. Without a rule nothing gets the
// cold form. Rules are for what is stored already as well.
#pragma once

#include <string>
#include <vector>

#include "base/config.h"
#include "genomics/cold/coded_blocks.h"
#include "index/rows.h"

namespace medarc::genomics {

struct ColdEffort {
  uint32_t saving_percent = 10;
  int zstd_level = kZstdLevelDefault;
};

class ColdRule {
 public:
  // Of the rule's text: what was done for a rule is done for every rule that says the same.
  const std::string& id() const { return id_; }
  bool holds(const index::FileRow& file) const;  // beside its age
  Timestamp due(const index::FileRow& file) const;
  const ColdEffort& effort() const { return effort_; }

 private:
  friend class ColdRules;
  std::string id_;
  std::vector<std::string> formats_;  // empty: any
  uint64_t bytes_min_ = 0;
  uint64_t after_days_ = 0;
  ColdEffort effort_;
};

// Immutable after it is read; thread-safe.
class ColdRules {
 public:
  static constexpr size_t kRulesMax = 64;
  static constexpr uint64_t kDaysMax = 36'525;

  // invalid_argument: an unknown key or format, no number, or one that is too large.
  static Result<ColdRules> from(Config& config);
  bool empty() const { return rules_.empty(); }
  const std::vector<ColdRule>& all() const { return rules_; }

 private:
  static Result<ColdRule> read(const Config::Table& table);
  std::vector<ColdRule> rules_;
};

}  // namespace medarc::genomics

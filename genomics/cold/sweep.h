// Goes over the files that [[genomics.cold]] is for, old and new, by the change feed
// (index/sweep.h): in the background, or at once for `medarc recompress`. Which chunks are cold is
// known of the chunks, so nothing is done twice, and a large file that is left in the middle goes
// on there.
#pragma once

#include "base/fs.h"
#include "genomics/cold/cold_files.h"
#include "index/sweep.h"

namespace medarc::genomics {

class ColdSweep final : private index::SweepTask {
 public:
  using Clock = index::Sweep::Clock;
  using GoOn = index::Sweep::GoOn;  // asked before each chunk

  // As index::Sweep::open().
  static Result<std::unique_ptr<ColdSweep>> open(Fs& fs, const std::string& data,
                                                 index::Index& index, const ColdRules& rules,
                                                 const index::RecompressOptions& options,
                                                 ColdFiles& files, Clock clock = now);

  void start() { sweep_->start(); }
  void stop() { sweep_->stop(); }
  Result<bool> step(const GoOn& go_on) { return sweep_->step(go_on); }
  Result<index::SweepProgress> progress() { return sweep_->progress(); }
  const ColdCounts& counts() const { return counts_; }  // not beside start()

  // Every rule looks at everything again.
  static Status forget(Fs& fs, const std::string& data);

 private:
  ColdSweep(const ColdRules& rules, ColdFiles& files) : rules_(rules), files_(files) {}
  Result<Look> look(size_t rule, index::View& view, const index::Event& event,
                    index::SweepTurn& turn) override;

  const ColdRules& rules_;
  ColdFiles& files_;
  ColdCounts counts_;
  std::unique_ptr<index::Sweep> sweep_;  // last: its thread uses what is above
};

}  // namespace medarc::genomics

// Goes over what the rules are for, old and new, by the change feed (index/sweep.h): in the
// background, or at once for `medarc recompress`. Which chunks are recompressed is known of the
// chunks, so nothing is done twice.
#pragma once

#include "dicom/recompress/recompressor.h"
#include "dicom/recompress/rules.h"
#include "index/sweep.h"

namespace medarc::dicom {

using RecompressProgress = index::SweepProgress;

class RecompressSweep final : private index::SweepTask {
 public:
  using Clock = index::Sweep::Clock;
  using GoOn = index::Sweep::GoOn;  // asked before each object

  // As index::Sweep::open().
  static Result<std::unique_ptr<RecompressSweep>> open(
      Fs& fs, const std::string& data, index::Index& index, const RecompressRules& rules,
      RecompressOptions options, Recompressor& recompressor, Clock clock = now);

  void start() { sweep_->start(); }
  void stop() { sweep_->stop(); }
  Result<bool> step(const GoOn& go_on) { return sweep_->step(go_on); }
  Result<RecompressProgress> progress() { return sweep_->progress(); }
  const RecompressCounts& counts() const { return counts_; }  // not beside start()

  // Every rule looks at everything again.
  static Status forget(Fs& fs, const std::string& data);

 private:
  RecompressSweep(const RecompressRules& rules, Recompressor& recompressor)
      : rules_(rules), recompressor_(recompressor) {}
  Result<Look> look(size_t rule, index::View& view, const index::Event& event,
                    index::SweepTurn& turn) override;
  Result<RecompressCounts> try_one(const index::InstanceRow& row, index::SweepTurn& turn);

  const RecompressRules& rules_;
  Recompressor& recompressor_;
  RecompressCounts counts_;
  Digest late_;  // the object that took too long last, and how often in a row
  uint32_t late_times_ = 0;
  std::unique_ptr<index::Sweep> sweep_;  // last: its thread uses what is above
};

}  // namespace medarc::dicom

// Goes over what the rules are for: each rule follows the change feed from the first commit on, so
// it meets what was stored before it was written as well as what comes. How far it is stands in a
// small file, which is a hint and no more: which chunks are recompressed is known of the chunks, so
// without the file everything is looked at again and nothing is done twice.
//
// Nobody waits for it: it runs beside everything else, in a part of one thread's time, and not
// while much is being stored (options.h). What fails for a reason that may pass is tried again with
// back-off.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "base/fs.h"
#include "dicom/recompress/recompressor.h"
#include "dicom/recompress/rules.h"

namespace medarc::dicom {

struct RecompressProgress {
  size_t rules = 0;
  uint64_t commits = 0;       // of the archive
  uint64_t commits_done = 0;  // through which every rule has looked
};

class RecompressSweep {
 public:
  using Clock = std::function<Timestamp()>;
  using GoOn = std::function<bool()>;  // asked before each object

  // All of them outlive it. `data`: the archive's directory. `clock` is for tests.
  static Result<std::unique_ptr<RecompressSweep>> open(
      Fs& fs, const std::string& data, index::Index& index, const RecompressRules& rules,
      RecompressOptions options, Recompressor& recompressor, Clock clock = now);
  ~RecompressSweep();  // as stop()

  void start();  // a thread, when there are rules
  void stop();
  // Looks at a part of the feed; false: nothing is left to do now, or `go_on` said no. For one
  // thread at a time, not beside start(). Errors: those of Recompressor; the object is met again.
  Result<bool> step(const GoOn& go_on);
  Result<RecompressProgress> progress();
  const RecompressCounts& counts() const { return counts_; }  // not beside start()

  // Every rule looks at everything again.
  static Status forget(Fs& fs, const std::string& data);

 private:
  enum class Look { done, not_due, stopped };

  RecompressSweep(Fs& fs, std::string data, index::Index& index, const RecompressRules& rules,
                  RecompressOptions options, Recompressor& recompressor, Clock clock);
  Status load();
  Status save();
  Result<bool> step_rule(const RecompressRule& rule, index::View& view, archive::CommitNumber last,
                         const GoOn& go_on);
  Result<Look> look(const RecompressRule& rule, index::View& view, const index::Event& event,
                    const GoOn& go_on);
  Result<RecompressCounts> try_one(const index::InstanceRow& row);
  void run();
  bool rest(std::chrono::microseconds time);  // false: it is to stop
  bool busy();

  Fs& fs_;
  const std::string data_;
  index::Index& index_;
  const RecompressRules& rules_;
  const RecompressOptions options_;
  Recompressor& recompressor_;
  const Clock clock_;

  std::map<std::string, uint64_t> through_;  // rule id -> commit
  std::map<std::string, int64_t> not_before_us_;
  bool changed_ = false;
  std::chrono::steady_clock::time_point saved_;
  RecompressCounts counts_;
  Digest late_;  // the object that took too long last, and how often in a row
  uint32_t late_times_ = 0;

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool in_background_ = false;
  // Of busy(): what was seen when.
  std::chrono::steady_clock::time_point looked_;
  uint64_t seen_commit_ = 0, own_commits_ = 0;
};

}  // namespace medarc::dicom

// Goes over what is stored, for rules that say what is to be done with it: each rule follows the
// change feed from the first commit on, so it meets what was stored before it was written as well
// as what comes. How far it is stands in a small file, which is a hint and no more: without it
// everything is looked at again, so the work must be such that nothing is done twice.
//
// Nobody waits for it: it runs beside everything else, in a part of one thread's time, and not
// while much is being stored (recompress_options.h). What fails for a reason that may pass is tried
// again with back-off.
//
// Its users: dicom/recompress/sweep.h, genomics/cold/sweep.h.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "base/fs.h"
#include "index/index.h"
#include "index/recompress_options.h"

namespace medarc::index {

struct SweepProgress {
  size_t rules = 0;
  uint64_t commits = 0;       // of the archive
  uint64_t commits_done = 0;  // through which every rule has looked
};

// What a task may ask of the sweep that drives it.
class SweepTurn {
 public:
  virtual bool go_on() = 0;  // before each piece of work; false: leave the rest for another time
  virtual Timestamp time() = 0;
  // After a piece of work that changed something: what it took and committed. In the background it
  // is paid for with rest.
  virtual void worked(std::chrono::steady_clock::duration took, uint64_t commits) = 0;

 protected:
  ~SweepTurn() = default;
};

// What is done with what the feed tells of.
class SweepTask {
 public:
  struct Look {
    enum class Outcome { done, stopped, not_due } outcome = Outcome::done;
    Timestamp due;  // of not_due: nothing behind it is looked at before, for this rule
  };
  virtual ~SweepTask() = default;
  // One event, for the rule of this number (0 on); one that was stopped, not due or failed comes
  // again. Errors: those that may pass.
  virtual Result<Look> look(size_t rule, View& view, const Event& event, SweepTurn& turn) = 0;
};

class Sweep final : private SweepTurn {
 public:
  using Clock = std::function<Timestamp()>;
  using GoOn = std::function<bool()>;  // asked before each piece of work

  // All of them outlive it. `data`: the archive's directory, where the file `name` is kept; `name`
  // stands in log lines and metrics too. `rules`: what each is known by, of 1 to 64 characters
  // without blanks. `clock` is for tests.
  static Result<std::unique_ptr<Sweep>> open(Fs& fs, const std::string& data, std::string name,
                                             Index& index, std::vector<std::string> rules,
                                             const RecompressOptions& options, SweepTask& task,
                                             Clock clock = now);
  ~Sweep();  // as stop()

  void start();  // a thread, when there are rules and the store can keep other forms
  void stop();
  // Looks at a part of the feed; false: nothing is left to do now, or `go_on` said no. For one
  // thread at a time, not beside start(). Errors: those of the task; what it failed on is met
  // again.
  Result<bool> step(const GoOn& go_on);
  Result<SweepProgress> progress();

  // Every rule looks at everything again.
  static Status forget(Fs& fs, const std::string& data, const std::string& name);

 private:
  Sweep(Fs& fs, const std::string& data, std::string name, Index& index,
        std::vector<std::string> rules, const RecompressOptions& options, SweepTask& task,
        Clock clock);
  bool go_on() override { return (*go_on_)(); }
  Timestamp time() override { return clock_(); }
  void worked(std::chrono::steady_clock::duration took, uint64_t commits) override;

  Status load();
  Status save();
  Result<bool> step_rule(size_t rule, View& view, archive::CommitNumber last);
  void run();
  bool rest(std::chrono::microseconds time);  // false: it is to stop
  bool busy();

  Fs& fs_;
  const std::string data_, name_;
  Index& index_;
  const std::vector<std::string> rules_;
  const RecompressOptions options_;
  SweepTask& task_;
  const Clock clock_;
  const GoOn* go_on_ = nullptr;  // of the step under way

  std::map<std::string, uint64_t> through_;  // rule -> commit
  std::map<std::string, int64_t> not_before_us_;
  bool changed_ = false;
  std::chrono::steady_clock::time_point saved_;

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  bool in_background_ = false;
  // Of busy(): what was seen when.
  std::chrono::steady_clock::time_point looked_;
  uint64_t seen_commit_ = 0, own_commits_ = 0;
};

}  // namespace medarc::index

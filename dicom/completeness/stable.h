// Tells which studies have become stable: received nothing for CompletenessOptions::stable_after_s.
// An announcement is an event of the change feed (Kind::study), durable and made once for each
// change of a study, whatever happens in between: what is waited for follows from the feed and from
// the commit up to which it was dealt with, which announcements carry (index/study_notes.h).
// Runs beside everything else; costs senders nothing.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "dicom/completeness/options.h"
#include "index/index.h"

namespace medarc::dicom {

// What is to be done when a study is announced: a job that goes into the very commit of the
// announcement. Called by one thread.
class StableWork {
 public:
  virtual ~StableWork() = default;
  virtual bool wanted() const = 0;  // whether there is such work as things are now
  // `first`: the first event of the feed since the study was announced last, or ever; `before`: it
  // was. A job of the same name may be there already, from an attempt that came too late: it will
  // do.
  virtual index::JobRow job_for(const index::StudyUid& study, archive::CommitNumber first,
                                bool before, Timestamp time) = 0;
  virtual void announced(const index::JobRow& job) = 0;
};

class StableStudies {
 public:
  // `index` and `work` outlive it. `clock` is for tests.
  StableStudies(index::Index& index, CompletenessOptions options, StableWork* work = nullptr,
                std::function<Timestamp()> clock = now);
  ~StableStudies();  // as stop()

  void start();  // a thread that follows the feed
  void stop();
  // Reads a part of the feed and announces what is due; false: nothing is left to do now. For one
  // thread at a time, not beside start().
  Result<bool> step();
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    archive::CommitNumber first;  // event that has not been dealt with
    int64_t look_us = 0;          // not before
  };
  struct Due {
    std::string study;
    Timestamp changed;
    bool before = false;  // announced already, before it changed
  };
  void run();
  Result<bool> read_feed(index::View& view);
  Result<std::vector<Due>> find_due(index::View& view);
  Status announce(const std::vector<Due>& due);
  void wait_until(const std::string& study, int64_t us);
  void forget(const std::string& study);

  index::Index& index_;
  const CompletenessOptions options_;
  StableWork* const work_;  // may be null
  const std::function<Timestamp()> clock_;
  std::optional<archive::CommitNumber> read_through_;
  std::map<std::string, Waiting> waiting_;
  std::set<std::pair<int64_t, std::string>> order_;  // of waiting_, by when to look
  bool behind_ = false;                              // the feed goes on
  bool more_due_ = false;                            // than were looked at last
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
};

}  // namespace medarc::dicom

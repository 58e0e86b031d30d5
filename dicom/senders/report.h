// The daily report of what senders get wrong: follows the change feed, reads the findings kept with
// each instance that arrived, and counts them (tally.h). Costs storing nothing: it runs beside.
//
// Durable: the counts are written to DIR/senders/counts about once a minute when they changed, and
// at the end, together with the commit up to which they count; after a crash the feed is followed
// again from there, so findings are neither lost nor counted twice. Refused objects leave no
// commit: those of the last minute before a crash are not in the report. A file that is missing or
// damaged is made anew from the feed.
//
// Thread-safe but for step().
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/fs.h"
#include "dicom/senders/refusals.h"
#include "index/index.h"

namespace medarc::dicom::senders {

class Report {
 public:
  // `dir`: of the archive. fs, index outlive it; `refusals` may be null.
  static Result<std::unique_ptr<Report>> open(Fs& fs, const std::string& dir, index::Index& index,
                                              std::shared_ptr<Refusals> refusals,
                                              TallyLimits limits);
  ~Report();  // as stop()

  void start();  // a thread that follows the feed
  void stop();   // and writes what is new
  // One part of the feed; false: nothing is left to do. For one thread at a time, not beside
  // start().
  Result<bool> step();
  Status save();

  Tally counts() const;  // as far as the feed has been followed

 private:
  Report(Fs& fs, std::string dir, index::Index& index, std::shared_ptr<Refusals> refusals,
         TallyLimits limits)
      : fs_(fs),
        dir_(std::move(dir)),
        index_(index),
        refusals_(std::move(refusals)),
        tally_(limits) {}
  void run();
  Status load();
  Result<Bytes> read_file(const std::string& path);
  Status count(index::View& view, const Bytes& id, Tally& out);

  Fs& fs_;
  const std::string dir_;  // of the report
  index::Index& index_;
  const std::shared_ptr<Refusals> refusals_;
  mutable std::mutex mutex_;  // of what follows
  Tally tally_;
  archive::CommitNumber through_{0};
  bool changed_ = false;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace medarc::dicom::senders

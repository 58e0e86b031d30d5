// Sorted derivatives: a BAM file that is not sorted by coordinate is kept byte for byte, and beside
// it its records in that order are made, with their index and block map, as the attachments
// "sorted", "sorted.index" and "sorted.map" of its row. Regions of the file are answered from them.
// Their depth ("depth") is the file's own, which only records in order could tell.
//
// Durable: who needs one is seen from the rows (at the start all of them, then those of the change
// feed), and making it is a job (index/jobs.h), so a process that dies at any point costs the work
// of its last attempt and leaves no file behind. The result comes in one commit.
//
// Thread-safe but for step().
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "genomics/bam_sort.h"
#include "index/jobs.h"
#include "security/guard.h"

namespace medarc::genomics {

inline constexpr char kSortJob[] = "genomics.sort";
inline constexpr uint32_t kSortQueuesMax = 16;

// The job that sorts a file, wherever it is queued; nullopt: none is.
Result<std::optional<index::JobRow>> sort_job_of(index::View& view, const index::FileId& file);

class Sorting {
 public:
  // `directory` is for temporary files; what an earlier process left of them is removed. `program`:
  // name and version, for the @PG line. All must outlive it.
  static Result<std::unique_ptr<Sorting>> open(Fs& fs, const std::string& directory,
                                               index::Index& index, index::Jobs& jobs,
                                               security::Guard& guard, const Limits& limits,
                                               const SortLimits& sort_limits, std::string program);
  ~Sorting();  // as stop()

  // Of kSortJob; for Jobs::handle() before Jobs::start().
  std::shared_ptr<index::JobHandler> handler();

  void start();  // a thread that looks for files that need sorting
  void stop();
  // One part of the rows, then of the feed; false: nothing is left to do. For one thread at a time,
  // not beside start().
  Result<bool> step();

  bool offered() const { return sort_limits_.enabled; }
  // 0 to 1 while the file is being sorted; nullopt: it is not now.
  std::optional<double> progress(const index::FileId& file) const;

 private:
  class Handler;
  Sorting(Fs& fs, const std::string& directory, index::Index& index, index::Jobs& jobs,
          security::Guard& guard, const Limits& limits, const SortLimits& sort_limits,
          std::string program);
  void run();
  Result<bool> look_through_rows();
  Result<bool> follow_feed();
  Status consider(const index::FileRow& row);

  struct Shared;  // with the handler, which Jobs may hold longer
  index::Index& index_;
  index::Jobs& jobs_;
  const SortLimits sort_limits_;
  const std::shared_ptr<Shared> shared_;
  bool looked_through_ = false;
  Bytes cursor_;                      // of the rows
  archive::CommitNumber through_{0};  // of the feed
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace medarc::genomics

// The log itself: an append point, one sync for many commits, and the segments behind it.
//
// Order of things in commit(): append under one mutex (places and numbers are given here), then
// wait for a sync. The first waiter leads: it syncs once for everybody appended so far, then
// applies their commits to the catalog in log order, then wakes them. While a leader applies, the
// next one may sync.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "archive/commit_record.h"
#include "archive/segment.h"

namespace medarc::archive {

CommitNumber commit_number(const RecordHeader& header);  // of a commit record

class SegmentLog {
 public:
  struct Draft {
    std::vector<FramedRecord> records;  // chunks not appended yet
    CommitBody body;                    // body.chunks: those appended before
  };

  SegmentLog(Fs& fs, std::string dir, Catalog& catalog, SegmentOptions options,
             const KeyRing* keys);
  ~SegmentLog();

  // Reads what is there, brings the catalog up to it and opens the append point.
  Status recover();

  // Appends chunks without waiting for the disk. Locations are final unless the segment is
  // rewritten.
  Result<std::vector<ChunkLocation>> append(std::vector<FramedRecord>& records);
  Result<CommitNumber> commit(Draft draft);
  // What is appended from here on goes into segments of this format version, or a higher one.
  Status raise_format(uint32_t version);

  // The segment of that number; not_found.
  Result<std::shared_ptr<Segment>> segment(uint32_t number);
  std::vector<std::shared_ptr<Segment>> sealed();  // all but the open one, ascending
  std::vector<std::shared_ptr<Segment>> all();
  // Puts a rewritten generation in the place of the old one and removes the old file.
  Status replace(std::shared_ptr<Segment> rewritten);

  Status replay(CommitNumber after, const std::function<Status(Application&)>& visit);

  bool writable() const { return !failed_.load(); }
  CommitNumber last_commit() const { return CommitNumber{last_number_.load()}; }
  uint64_t log_bytes();
  const SegmentOptions& options() const { return options_; }
  const KeyRing* keys() const { return keys_; }
  Fs& fs() { return fs_; }
  const std::string& dir() const { return dir_; }

 private:
  // A commit in the log whose committer waits. The leader syncs for all that wait, applies them,
  // wakes each, and hands the lead to the first that came too late for its sync.
  struct Pending {
    CommitNumber number;
    CommitBody body;
    bool leads = false, applied = false;  // under group_mutex_
    std::condition_variable wake;
  };
  // What replay needs to find a chunk of a rewritten segment: its places by digest.
  using Places = std::map<Digest, ChunkLocation>;

  // Where opening is.
  struct Reading {
    std::vector<Application> group;  // read, not applied yet
    std::deque<CommitBody> bodies;   // what they view
    bool any = false, sealed = false;
    uint64_t reached = 0;            // the last commit seen, applied or not
    uint64_t end = 0, sequence = 0;  // of the last good record of the segment read last
  };

  Status open_files();
  Status read_segment(Segment& segment, bool last, Reading& state);
  Status read_commit(Segment& segment, uint64_t offset, CommitNumber number, ByteView payload,
                     Reading& state);
  Status apply_read(Reading& state);
  Status recover_tail(uint64_t last_good);
  Status start_segment();                             // under append_mutex_
  Status seal_segment();                              // under append_mutex_
  Status turn_over();                                 // under append_mutex_: seals, starts
  Status make_room();                                 // under append_mutex_: where it is full
  Status write(std::vector<FramedRecord*>& records);  // under append_mutex_
  ChunkLocation place_of(const FramedRecord& record, uint64_t offset) const;
  Status wait_durable(Pending& own);
  Status lead();
  Status apply(const std::vector<std::shared_ptr<Pending>>& group);
  Result<Application> resolve(CommitNumber number, CommitBody& body);
  Result<const Places*> places(uint32_t segment);
  // Wants a flush of the catalog when there is much that a recovery would have to replay.
  void count_unflushed(uint64_t bytes, uint64_t commits);
  void flush_loop();
  Status fail(Error error);

  Fs& fs_;
  const std::string dir_;
  Catalog& catalog_;
  const SegmentOptions options_;
  const KeyRing* const keys_;

  std::mutex files_mutex_;
  std::map<uint32_t, std::shared_ptr<Segment>> files_;

  std::mutex append_mutex_;
  std::shared_ptr<Segment> open_;
  bool open_sealed_ = false;        // no segment after it could be started yet
  uint32_t format_ = kFormatFirst;  // of the next segment; it never falls
  uint64_t tail_ = 0;
  uint64_t sequence_ = 0;
  std::atomic<uint64_t> durable_sequence_{0};
  std::atomic<uint64_t> last_number_{0};
  uint64_t unflushed_bytes_ = 0,
           unflushed_commits_ = 0;  // in the log, not yet flushed in the catalog

  std::mutex group_mutex_;
  std::deque<std::shared_ptr<Pending>> pending_;  // appended, not synced, ascending
  bool led_ = false;                              // somebody leads, or was told to
  uint64_t applied_ = 0;
  Error failure_;
  std::atomic<bool> failed_{false};
  std::mutex apply_mutex_;

  std::map<uint32_t, Places> places_;  // of rewritten segments, while replaying

  std::mutex background_mutex_;
  std::condition_variable background_wake_;
  bool flush_wanted_ = false, stopping_ = false;
  std::thread background_;
};

}  // namespace medarc::archive

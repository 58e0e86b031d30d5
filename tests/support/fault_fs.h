// A file system in memory that remembers what was synced, and can fail or stop at any step.
//
// Every write_at, sync, create, rename, remove, truncate, preallocate and sync_dir is one step.
// At the chosen step the fault happens: the call fails (error), or the power goes (crash): then every
// later call fails too, and after_power_cut() gives the file system as a disk could hold it:
//   synced_only   everything not synced is lost
//   everything    all of it got there, synced or not
//   torn          each unsynced 512-byte sector got there or not, by chance
// File contents and directory entries are kept apart: a file whose directory was not synced may be
// missing, a rename may not have happened.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <vector>

#include "base/fs.h"

namespace medarc::test {

class FaultFs final : public Fs {
 public:
  enum class Cut { synced_only, everything, torn };
  struct Fault {
    uint64_t step = UINT64_MAX;  // which step, from 0
    bool crash = true;           // else one error
    Code code = Code::io;        // of that error
    bool short_write = false;    // a failing write leaves half of its bytes
  };

  void set_fault(Fault fault);
  uint64_t steps() const;
  bool crashed() const;
  std::unique_ptr<FaultFs> after_power_cut(Cut cut, uint64_t seed) const;
  // Changes one bit of a file, synced or not.
  void flip_bit(const std::string& path, uint64_t offset);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_dirs(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& dir) override;
  Status sync_dir(const std::string& dir) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

 private:
  friend class FaultFile;
  struct Node {
    Bytes now, synced;
    std::vector<ByteRange> dirty;  // written since the last sync
    std::mutex mutex;
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  // Counts a step; an error when this is where the fault happens, or after a crash.
  Status step(bool* failing_write = nullptr);

  mutable std::mutex mutex_;
  Names now_, synced_;
  std::map<std::string, bool> locks_;
  Fault fault_;
  uint64_t steps_ = 0;
  bool crashed_ = false;
};

}  // namespace medarc::test

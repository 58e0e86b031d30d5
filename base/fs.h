// The file-system seam: every byte Medarc keeps on disk itself goes through here, so that tests can
// stop the world at any step, tear writes and drop what was not synced. RocksDB gets the same seam
// through its own FileSystem class (index/rocks_fs.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc {

// An open file. Thread-safe: reads and writes are positional and may overlap in time; overlapping
// writes to the same bytes are the caller's fault. Closed by the destructor, which syncs nothing.
class File {
 public:
  virtual ~File() = default;
  // Reads until `length` bytes or the end of the file; answers the bytes read.
  virtual Result<size_t> read_at(uint64_t offset, char* out, size_t length) = 0;
  // Writes all of `parts` one after the other from `offset` (one system call where it fits), or
  // fails; a failed write may have written any part of it. No durability before sync().
  virtual Status write_at(uint64_t offset, const std::vector<ByteView>& parts) = 0;
  // fdatasync: contents and size are on stable storage when it succeeds. After a failure nothing
  // may be assumed of any earlier unsynced write, and it must not be retried (reliability: the
  // kernel may have dropped the dirty pages).
  virtual Status sync() = 0;
  virtual Result<uint64_t> size() = 0;
  virtual Status truncate(uint64_t size) = 0;
  // Reserves blocks up to `size` and sets the size; new bytes read as zero. Code::exhausted when
  // the disk is full.
  virtual Status preallocate(uint64_t size) = 0;
  // The descriptor for sendfile and mmap, or -1 when the implementation has none.
  virtual int descriptor() const = 0;
};

// Held exclusively until destroyed; a second process (or object) that asks gets Code::conflict.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

enum class OpenMode { read, read_write, create_new };  // create_new fails when the file exists

// Thread-safe. Paths are Medarc's own, never a peer's text.
class Fs {
 public:
  virtual ~Fs() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;  // atomic, replaces
  virtual Status remove(const std::string& path) = 0;                         // a file
  virtual Status make_dirs(const std::string& path) = 0;                      // as mkdir -p, mode 0700
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& dir) = 0;  // names, sorted
  // Makes creations, renames and removals in `dir` durable.
  virtual Status sync_dir(const std::string& dir) = 0;
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;
};

// The operating system's files.
Fs& posix_fs();

}  // namespace medarc

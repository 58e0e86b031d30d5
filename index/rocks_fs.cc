#include "index/rocks_fs.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <algorithm>

namespace medarc::index {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus to_io(const Error& e) {
  switch (e.code) {
    case Code::not_found: return IOStatus::PathNotFound(e.text);
    case Code::exhausted: return IOStatus::NoSpace(e.text);
    case Code::conflict: return IOStatus::IOError("lock " + e.text);
    default: return IOStatus::IOError(e.text);
  }
}

IOStatus to_io(const Status& s) { return s.has_error() ? to_io(s.error()) : IOStatus::OK(); }

IOStatus read_into(File& file, uint64_t offset, size_t n, Slice* result, char* scratch) {
  auto got = file.read_at(offset, scratch, n);
  if (got.has_error()) return to_io(got.error());
  *result = Slice(scratch, *got);
  return IOStatus::OK();
}

class Sequential final : public rocksdb::FSSequentialFile {
 public:
  explicit Sequential(std::unique_ptr<File> file) : file_(std::move(file)) {}
  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) override {
    IOStatus s = read_into(*file_, at_, n, result, scratch);
    if (s.ok()) at_ += result->size();
    return s;
  }
  IOStatus Skip(uint64_t n) override {
    at_ += n;
    return IOStatus::OK();
  }

 private:
  std::unique_ptr<File> file_;
  uint64_t at_ = 0;
};

class RandomAccess final : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccess(std::unique_ptr<File> file) : file_(std::move(file)) {}
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return read_into(*file_, offset, n, result, scratch);
  }

 private:
  std::unique_ptr<File> file_;
};

class Writable final : public rocksdb::FSWritableFile {
 public:
  Writable(std::unique_ptr<File> file, uint64_t size) : file_(std::move(file)), size_(size) {}
  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    const Status s = file_->write_at(size_, {ByteView(data.data(), data.size())});
    if (s.has_value()) size_ += data.size();
    return to_io(s);
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    const Status s = file_->truncate(size);
    if (s.has_value()) size_ = size;
    return to_io(s);
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return to_io(file_->sync()); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  std::unique_ptr<File> file_;
  uint64_t size_;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(Fs& fs, std::string dir) : fs_(fs), dir_(std::move(dir)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return to_io(fs_.sync_dir(dir_)); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  Fs& fs_;
  const std::string dir_;
};

class HeldLock final : public rocksdb::FileLock {
 public:
  explicit HeldLock(std::unique_ptr<medarc::FileLock> lock) : lock_(std::move(lock)) {}

 private:
  std::unique_ptr<medarc::FileLock> lock_;
};

class SeamFileSystem final : public rocksdb::FileSystem {
 public:
  explicit SeamFileSystem(Fs& fs) : fs_(fs) {}
  const char* Name() const override { return "medarc"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* out,
                             IODebugContext*) override {
    auto file = fs_.open(path, OpenMode::read);
    if (file.has_error()) return to_io(file.error());
    *out = std::make_unique<Sequential>(std::move(*file));
    return IOStatus::OK();
  }

  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                               IODebugContext*) override {
    auto file = fs_.open(path, OpenMode::read);
    if (file.has_error()) return to_io(file.error());
    *out = std::make_unique<RandomAccess>(std::move(*file));
    return IOStatus::OK();
  }

  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                           IODebugContext*) override {
    const auto there = fs_.exists(path);
    if (there.has_error()) return to_io(there.error());
    if (*there) {
      if (Status s = fs_.remove(path); s.has_error()) return to_io(s.error());
    }
    auto file = fs_.open(path, OpenMode::create_new);
    if (file.has_error()) return to_io(file.error());
    *out = std::make_unique<Writable>(std::move(*file), 0);
    return IOStatus::OK();
  }

  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* out,
                              IODebugContext* debug) override {
    auto file = fs_.open(path, OpenMode::read_write);
    if (file.has_error()) return NewWritableFile(path, options, out, debug);
    auto size = (*file)->size();
    if (size.has_error()) return to_io(size.error());
    *out = std::make_unique<Writable>(std::move(*file), *size);
    return IOStatus::OK();
  }

  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* out, IODebugContext*) override {
    *out = std::make_unique<Directory>(fs_, path);
    return IOStatus::OK();
  }

  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    const auto there = fs_.exists(path);
    if (there.has_error()) return to_io(there.error());
    return *there ? IOStatus::OK() : IOStatus::NotFound(path);
  }

  IOStatus GetChildren(const std::string& dir, const IOOptions&, std::vector<std::string>* out,
                       IODebugContext*) override {
    auto names = fs_.list(dir);
    if (names.has_error()) return to_io(names.error());
    *out = std::move(*names);
    return IOStatus::OK();
  }

  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return to_io(fs_.remove(path));
  }
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return to_io(fs_.make_dirs(path));
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    return to_io(fs_.make_dirs(path));
  }
  IOStatus DeleteDir(const std::string&, const IOOptions&, IODebugContext*) override {
    return IOStatus::NotSupported("DeleteDir");
  }

  IOStatus GetFileSize(const std::string& path, const IOOptions&, uint64_t* out,
                       IODebugContext*) override {
    auto file = fs_.open(path, OpenMode::read);
    if (file.has_error()) return to_io(file.error());
    auto size = (*file)->size();
    if (size.has_error()) return to_io(size.error());
    *out = *size;
    return IOStatus::OK();
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, uint64_t* out,
                                   IODebugContext*) override {
    *out = 0;  // only ages files of the engine's own log, which is off
    return IOStatus::OK();
  }

  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return to_io(fs_.rename(from, to));
  }

  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** out,
                    IODebugContext*) override {
    auto lock = fs_.lock(path);
    if (lock.has_error()) return to_io(lock.error());
    *out = new HeldLock(std::move(*lock));
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    delete lock;
    return IOStatus::OK();
  }

  IOStatus GetTestDirectory(const IOOptions&, std::string*, IODebugContext*) override {
    return IOStatus::NotSupported("GetTestDirectory");
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* out,
                           IODebugContext*) override {
    *out = path;
    return IOStatus::OK();
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* out,
                       IODebugContext*) override {
    *out = fs_.open(path, OpenMode::read).has_error();
    return IOStatus::OK();
  }

 private:
  Fs& fs_;
};

// RocksDB sleeps a second after a write that failed, which a test with thousands of them cannot
// wait for.
class ImpatientClock final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "medarc"; }
  void SleepForMicroseconds(int us) override {
    SystemClockWrapper::SleepForMicroseconds(std::min(us, kSleepUsMax));
  }

 private:
  static constexpr int kSleepUsMax = 500;
};

class SeamEnv final : public rocksdb::EnvWrapper {
 public:
  explicit SeamEnv(const std::shared_ptr<rocksdb::FileSystem>& fs)
      : EnvWrapper(rocksdb::NewCompositeEnv(fs)) {
    file_system_ = fs;
    system_clock_ = std::make_shared<ImpatientClock>(rocksdb::SystemClock::Default());
  }
};

}  // namespace

std::unique_ptr<rocksdb::Env> make_rocks_env(Fs& fs) {
  if (&fs == &posix_fs()) return nullptr;
  return std::make_unique<SeamEnv>(std::make_shared<SeamFileSystem>(fs));
}

}  // namespace medarc::index

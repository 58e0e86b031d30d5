// One resumable upload as it lies on disk: its bytes so far, and what is known of it.
#pragma once

#include <string>

#include "base/fs.h"
#include "genomics/resumable.h"

namespace medarc::genomics {

struct ResumableInfo {
  ResumableState state;   // offset: durable
  UploadStart start;      // its id is chosen: a retry after a crash stores nothing twice
  std::string principal;  // whose it is
};

Bytes encode(const ResumableInfo& info);
Result<ResumableInfo> decode_resumable_info(ByteView stored);  // corrupt

// The files of all uploads. Thread-safe for different uploads.
class ResumableFiles {
 public:
  ResumableFiles(Fs& fs, std::string directory) : fs_(fs), directory_(std::move(directory)) {}
  Status prepare() { return fs_.make_dirs(directory_); }
  // What can be continued. Anything else in the directory (a half-written info) is removed.
  Result<std::vector<ResumableInfo>> recover();
  Status save(const ResumableInfo& info);  // durable
  Result<std::unique_ptr<File>> create_bytes(const std::string& id);
  // Cut to `size`: what lies behind it was never acknowledged.
  Result<std::unique_ptr<File>> open_bytes(const std::string& id, uint64_t size);
  void remove_bytes(const std::string& id);
  void remove(const std::string& id);

 private:
  std::string bytes_path(const std::string& id) const { return directory_ + "/" + id + ".bytes"; }
  std::string info_path(const std::string& id) const { return directory_ + "/" + id + ".info"; }

  Fs& fs_;
  const std::string directory_;
};

}  // namespace medarc::genomics

// Bytes that have come and are not yet wanted: in memory first, then in a temporary file without a
// name, so that nothing is left of it whatever happens. Not thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/fs.h"

namespace medarc::dicom {

class BulkSpool {
 public:
  // `directory` is made when the first file is. "": the system's for temporary files.
  BulkSpool(Fs& fs, std::string directory, uint64_t memory_bytes_max);
  ~BulkSpool();
  uint64_t size() const { return size_; }
  // exhausted, io: as the disk says.
  Status append(ByteView bytes);
  Result<size_t> read(uint64_t offset, char* out, size_t length);
  void clear();  // forgets everything and gives the disk back

 private:
  Status spill();

  Fs& fs_;
  const std::string directory_;
  const uint64_t memory_bytes_max_;
  Bytes memory_;  // until there is a file; then what is not in it yet
  std::unique_ptr<File> file_;
  uint64_t size_ = 0, written_ = 0;
};

}  // namespace medarc::dicom

// A FASTQ file on its way in beside the stored file of its mates: name by name, so that a pair that
// came apart is found at the record where it did.
#pragma once

#include <memory>

#include "archive/blob_store.h"
#include "genomics/fastq_parser.h"
#include "genomics/gzip_stream.h"

namespace medarc::genomics {

// Memory: what 8 KiB of the stored file hold in names. Not thread-safe.
class MateCheck {
 public:
  MateCheck(std::unique_ptr<archive::BlobReader> mate, const Limits& limits);
  // The next record's first line. Errors: invalid_argument naming the record; those of reading.
  Status next(ByteView first_line);
  Status finish();  // that the mate has no more records

 private:
  Result<bool> more_names();  // false: there are none
  Status feed(ByteView bytes);

  const std::unique_ptr<archive::BlobReader> mate_;
  std::unique_ptr<GzipStream> gzip_;
  FastqParser parser_;
  uint64_t offset_ = 0;  // read so far
  bool ended_ = false;
  Bytes names_;    // lines to come
  size_t at_ = 0;  // in names_
  uint64_t records_ = 0;
};

}  // namespace medarc::genomics

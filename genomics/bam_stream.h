// The records of BAM bytes one after another, in memory that follows the largest of them: of a
// whole file, or of a run that a sort has put away (records alone). SAM specification 4.1, 4.2.
#pragma once

#include <memory>

#include "archive/blob_store.h"
#include "base/io.h"
#include "genomics/bam_header.h"
#include "genomics/bgzf.h"
#include "genomics/limits.h"

namespace medarc::genomics {

// Not thread-safe. After an error only destruction is allowed.
class BamStream {
 public:
  // `packed` gives BGZF blocks from the first on; it is asked for `read_bytes` at a time.
  BamStream(std::unique_ptr<ByteSource> packed, size_t read_bytes);

  // Of a whole file, once, before the first record. Errors: invalid_argument, too_large.
  Result<BamHeader> header(const Limits& limits);

  // The next record with its block_size, until the next call; empty: there are no more. Its bytes
  // are as they were checked at ingest: only its length is looked at. Errors: corrupt: a block is
  // damaged, or the bytes end inside a record; those of the source.
  Result<ByteView> next();

  uint64_t packed_bytes() const { return packed_bytes_; }  // taken so far

 private:
  Result<bool> have(size_t bytes);  // plain ones in hand; false: there are no more
  Result<bool> inflate_block();
  Result<bool> read_more();
  ByteView plain() const { return ByteView(plain_).substr(plain_at_); }

  const std::unique_ptr<ByteSource> source_;
  const size_t read_bytes_;
  const BgzfInflater inflater_;
  Bytes packed_, plain_;
  size_t packed_at_ = 0, plain_at_ = 0;
  bool ended_ = false;
  uint64_t packed_bytes_ = 0;
};

// A stored blob from its first byte to its last.
std::unique_ptr<ByteSource> read_whole(std::unique_ptr<archive::BlobReader> reader);

}  // namespace medarc::genomics

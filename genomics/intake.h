// The two ways in which the bytes of a file come in, whatever its format: as BGZF blocks, or as a
// stream of plain text or gzip. The caller's thread receives and stages; the pipeline inflates and
// hands the plain bytes to whoever reads them, in order and one piece at a time.
//
// Readers (`walk`, `take`) run on the pipeline's thread or the caller's, never on both at once, and
// have to outlive the intake: it is the last member of whoever owns it. Not thread-safe. After an
// error only destruction is allowed.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "archive/hash.h"
#include "genomics/bgzf_stager.h"
#include "genomics/gzip_stream.h"
#include "genomics/limits.h"
#include "genomics/pipeline.h"

namespace medarc::genomics {

// Files in BGZF blocks.
class BlockIntake {
 public:
  struct Reader {
    std::function<Status(const BgzfBatch&)> walk;  // inflated batches
    // Where the first block ends that holds the header's last byte, once it was walked: a chunk
    // ends there. Empty: files of this format have none.
    std::function<std::optional<uint64_t>()> header_blocks_end = {};
    // Batches before they are inflated, on the caller's thread. May be empty.
    std::function<void(const BgzfBatch&)> see = {};
  };
  BlockIntake(std::unique_ptr<archive::BlobWriter> writer, Reader reader, const Limits& limits);

  // Errors: invalid_argument (no BGZF), too_large (blocks_max), and those of the reader and the
  // store.
  Status write(ByteView bytes);
  // When all was walked. An error of the reader.
  Status finish();
  // After finish(), whether the file ends as BGZF files do; asked last, since what is wrong with a
  // record is the more telling reason.
  const Status& whole() const { return whole_; }
  Result<archive::StagedBlob> content() { return stager_.finish(); }
  // Of all that was inflated. After finish(), once.
  Digest plain_digest() { return plain_.finish(); }

 private:
  class WalkJob;
  // Buffers of batches that were walked: neither allocated nor cleared again for the next.
  class Spare {
   public:
    void put(Bytes buffer);
    Bytes take();

   private:
    std::mutex mutex_;
    std::vector<Bytes> held_;
  };
  Status process();

  const Reader reader_;
  BgzfSplitter splitter_;
  BgzfStager stager_;
  archive::Sha256 plain_;
  Spare spare_;
  bool header_done_;
  Status whole_;
  Pipeline pipeline_;  // last: its thread uses what is above
};

// Plain text and gzip: cut by content.
class StreamIntake {
 public:
  struct Reader {
    std::function<Status(ByteView plain)> take;
    // What else is to be said of an error met while gzip was inflated. May be empty.
    std::function<Error(Error)> with_place = {};
  };
  StreamIntake(std::unique_ptr<archive::BlobWriter> writer, bool gzip, Reader reader,
               const Limits& limits);

  // Errors: invalid_argument (gzip that cannot be inflated), and those of the reader and the store.
  Status write(ByteView bytes);
  // When all was taken.
  Status finish();
  bool truncated() const { return gzip_ && !gzip_->ended(); }  // after finish()
  Result<archive::StagedBlob> content() { return writer_->finish(); }
  // Of all that was taken. After finish(), once.
  Digest plain_digest() { return plain_.finish(); }

 private:
  class TakeJob;
  Status process();
  Status take(ByteView bytes);

  const Reader reader_;
  const std::unique_ptr<archive::BlobWriter> writer_;
  std::unique_ptr<GzipStream> gzip_;
  archive::Sha256 plain_;
  Bytes waiting_;
  Pipeline pipeline_;  // last: its thread uses what is above
};

}  // namespace medarc::genomics

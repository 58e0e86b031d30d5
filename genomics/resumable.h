// Uploads that survive broken connections and restarts (the use case behind tus 1.0).
//
// What arrives is kept in one file an upload until it is whole; then it goes the way of any upload
// (GenomeStore::begin) and the file is removed. The file is read into the ingest as it grows, so
// that a wrong format is refused early and the last piece does not wait for the whole; after a
// restart it is read anew, some with each piece.
//
// After a crash an upload continues at its last durable offset: the end of a piece that was
// answered, or a checkpoint inside a long one (checkpoint_bytes). On disk, in the directory:
// ID.bytes, and ID.info, replaced whole, with all that is known of it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/fs.h"
#include "genomics/genome_store.h"

namespace medarc::genomics {

struct ResumableLimits {
  uint32_t open_max = 1'000;                     // uploads that are not whole yet
  uint64_t expiry_ms = 3ull * 24 * 3600 * 1000;  // since the last byte; then it is removed
  uint64_t checkpoint_bytes = 64ull << 20;       // made durable inside a piece
  uint32_t live_max = 16;                        // ingested while they arrive; others at their end
  static ResumableLimits from(Config& config);   // section [genomics]
};

struct ResumableState {
  std::string id;
  uint64_t length = 0, offset = 0;
  Timestamp expires;
  std::string file;  // its id, once it is stored (then offset == length)
};

struct PieceChecksum {
  std::string algorithm;  // "sha1", "md5" or "sha256"
  Bytes digest;
};

// One piece on its way. Dropping it keeps what was written so far, unless a checksum was to be
// checked: then nothing of it.
class ResumablePiece : public ByteSink {
 public:
  // Errors: too_large (more than the upload has left); what is wrong with the file (GenomeStore):
  // then the upload is over.
  Status write(ByteView bytes) override = 0;
  // Durable when it answers; with the last byte, stored. precondition_failed: the piece's checksum
  // is wrong, and the upload stands where it was. Other errors than exhausted, io and unavailable
  // end the upload.
  virtual Result<ResumableState> finish() = 0;
};

// Thread-safe.
class ResumableUploads {
 public:
  // Takes up what an earlier run left in `directory`. Errors: those of the disk.
  static Result<std::unique_ptr<ResumableUploads>> open(Fs& fs, std::string directory,
                                                        GenomeStore& store, ResumableLimits limits);
  virtual ~ResumableUploads() = default;

  // Errors: those of GenomeStore::begin; invalid_argument (empty); too_large; unavailable
  // (open_max).
  virtual Result<ResumableState> create(const Principal&, const UploadStart&, uint64_t length) = 0;
  // Errors, also of those below: not_found: unknown, expired, or somebody else's.
  virtual Result<ResumableState> state(const Principal&, const std::string& id) = 0;
  // conflict: `offset` is not where the upload stands, or another piece is under way.
  // invalid_argument: an unknown checksum algorithm.
  virtual Result<std::unique_ptr<ResumablePiece>> append(const Principal&, const std::string& id,
                                                         uint64_t offset,
                                                         std::optional<PieceChecksum>) = 0;
  virtual Status terminate(const Principal&, const std::string& id) = 0;
  virtual const ResumableLimits& limits() const = 0;
  virtual uint64_t file_bytes_max() const = 0;
};

}  // namespace medarc::genomics

// Bytes that are never lost: immutable blobs named by SHA-256, and a log of commits.
//
// A blob is written in pieces through a BlobWriter (constant memory, any size), which hashes, cuts
// it into chunks, finds chunks already held and stages the rest. Nothing staged is visible. A
// commit names staged blobs and carries a payload (the index's facts); it is acknowledged after one
// sync, shared with every commit that waits at the same time. Committed payloads are handed to the
// Catalog in log order, before their commit() returns.
//
// Invariants, kept by every implementation and proved by tests/archive/blob_store_conformance:
//   1. An acknowledged commit and the blobs it names survive kill -9 and power loss, unaltered.
//   2. A commit is applied to the catalog whole, once, in log order; never before it is durable.
//   3. A commit never names a blob whose bytes are not on stable storage at its position.
//   4. Sealed bytes never change. Nothing is served that fails its check (Code::corrupt instead).
//   5. After a failed sync the store takes no more writes (Code::io) until it is opened again.
//
// All functions are thread-safe unless said otherwise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/io.h"
#include "base/result.h"

namespace medarc::archive {

// Number of a commit in the log, rising by one from 1. Replaying commits in this order gives the
// same index, whatever happened in between ("t" in audit and history).
struct CommitNumber {
  uint64_t value = 0;
  auto operator<=>(const CommitNumber&) const = default;
};

// What the bytes are, so that the store knows whether compression pays.
enum class Content : uint8_t {
  opaque = 0,  // already compressed or unknown: stored as it is
  text = 1,    // JSON, FASTQ, VCF text: compressed when it pays
  pixels = 2,  // native pixel data: compressed as configured
};

enum class Cuts : uint8_t {
  given,            // only where the writer calls cut(), and at chunk_bytes_max
  content_defined,  // gear hash, about 1 MiB, 8 MiB at most
};

struct StagedBlob {
  Digest digest;
  uint64_t size = 0;
  uint64_t new_bytes = 0;       // plain bytes of chunks not held before
  bool existed = false;         // a blob of this digest was committed already
  std::shared_ptr<void> state;  // the store's own: pins chunks until committed or dropped
};

// Writes one blob. Not thread-safe. Dropping it unfinished leaves no visible trace.
class BlobWriter : public ByteSink {
 public:
  // Ends the current chunk here (Cuts::given). Chunks under chunk_bytes_min are joined to the next
  // one by the store, so callers cut where the format cuts and think no further.
  virtual void cut() = 0;
  // What the bytes written from here on are.
  virtual void content(Content kind) = 0;
  // Ends the blob. The writer takes no more bytes.
  virtual Result<StagedBlob> finish() = 0;
};

struct Commit {
  std::vector<StagedBlob> blobs;  // made visible together with the payload
  Bytes payload;                  // at most payload_bytes_max
};

struct BlobInfo {
  Digest digest;
  uint64_t size = 0;
  uint64_t stored_bytes = 0;  // of its chunks on disk, shared ones counted in full
};

// Reads one blob. Not thread-safe; open one a thread. Stays valid while blobs are collected: it
// holds what it reads.
class BlobReader {
 public:
  virtual ~BlobReader() = default;
  virtual uint64_t size() const = 0;
  // Fills exactly `range` at `out` (checked unit by unit), or fails. Cost follows the range.
  virtual Status read(ByteRange range, char* out) = 0;
};

// What a committed payload came with, given to the catalog.
struct Committed {
  CommitNumber number;
  ByteView payload;
  std::vector<BlobInfo> blobs;
};

struct VerifyReport {
  uint64_t blobs = 0, chunks = 0, bytes = 0;  // checked
  uint64_t corrupt = 0;                       // blobs whose bytes fail their digest
  uint64_t dangling = 0;                      // named by the catalog, bytes missing
  uint64_t orphans = 0;                       // chunks no blob names (collectable)
  std::vector<Digest> corrupt_blobs;          // the first 1,000
};

// What gc would remove (plan), decided from the catalog's references alone.
struct GcPlan {
  uint64_t blobs = 0, chunks = 0, bytes = 0;
  std::vector<uint64_t> segments;  // to be rewritten or dropped
};

struct StoreStats {
  uint64_t blobs = 0, chunks = 0;
  uint64_t plain_bytes = 0;   // sum of blob sizes
  uint64_t stored_bytes = 0;  // of chunks on disk
  uint64_t log_bytes = 0;     // of all files of the store
  uint64_t segments = 0;
  CommitNumber last_commit;
};

// Called now and then during long work with done and total; answer false to stop (Code::cancelled).
using Progress = std::function<bool(uint64_t bytes_done, uint64_t bytes_total)>;

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  virtual Result<std::unique_ptr<BlobWriter>> writer(Cuts cuts) = 0;

  // Durable and applied when it succeeds. Blocks for one sync; concurrent callers share it.
  // Errors: exhausted (disk full: nothing committed, later commits may succeed), io (sync failed:
  // the store is closed for writing), too_large (payload).
  virtual Result<CommitNumber> commit(Commit commit) = 0;

  virtual Result<BlobInfo> stat(const Digest& digest) = 0;  // not_found
  virtual Result<std::unique_ptr<BlobReader>> open(const Digest& digest) = 0;

  // Calls `visit` with every commit numbered above `after`, in order.
  virtual Status replay(CommitNumber after, const std::function<Status(const Committed&)>& visit) = 0;

  virtual Result<VerifyReport> verify(uint64_t bytes_per_second_max, const Progress& progress) = 0;
  virtual Result<GcPlan> plan_gc() = 0;
  virtual Status collect(const GcPlan& plan, const Progress& progress) = 0;
  virtual Result<StoreStats> stats() = 0;

  // False after a failed sync or when the disk refused; /readyz and the doors ask.
  virtual bool writable() const = 0;
};

}  // namespace medarc::archive

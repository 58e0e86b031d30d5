// Where the archive's bytes are: kept by whoever keeps the index (RocksDB in index/, memory in
// tests), so that bytes and meaning move in one step. The segment store calls it; nobody else does.
//
// The catalog is a cache of the log: `applied()` says up to which commit it is complete on stable
// storage, and the store replays what follows at open.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "archive/blob_store.h"

namespace medarc::archive {

// Where a chunk's record starts. Segment numbers rise; a rewritten segment keeps its number.
struct ChunkLocation {
  uint32_t segment = 0;
  uint32_t offset_units = 0;  // record offset / 8: records are 8-byte aligned
  uint32_t stored_length = 0; // of the whole record on disk, bytes
  uint32_t plain_length = 0;
  bool operator==(const ChunkLocation&) const = default;
};

struct ManifestEntry {
  Digest chunk;
  uint32_t length = 0;  // plain bytes
};

// At most kManifestPageEntries consecutive chunks of one blob.
inline constexpr size_t kManifestPageEntries = 1024;
struct ManifestPage {
  uint64_t blob_size = 0;
  uint64_t first_offset = 0;  // plain offset of the first entry
  std::vector<ManifestEntry> entries;
};

struct NewChunk {
  Digest chunk;
  ChunkLocation location;
};

struct NewBlob {
  Digest digest;
  uint64_t size = 0;
  std::vector<ManifestEntry> entries;
};

// One commit as the catalog has to apply it: places first, then meaning, in one atomic step.
struct Application {
  CommitNumber number;
  std::vector<NewChunk> chunks;
  std::vector<NewBlob> blobs;
  std::vector<Digest> dropped_chunks;  // collected: their places go away
  std::vector<Digest> dropped_blobs;   // collected: their manifests go away
  ByteView payload;
};

// Thread-safe for reads beside one apply() at a time.
class Catalog {
 public:
  virtual ~Catalog() = default;

  // The last commit that is applied and on the catalog's stable storage; 0 for an empty one.
  virtual CommitNumber applied() = 0;

  // Applies commits in order, atomically as a group, visible when it returns; durability may come
  // later (then applied() stays behind and the log is replayed). Must be idempotent: a number at or
  // below the last one applied is skipped. An error closes the store for writing.
  virtual Status apply(std::span<const Application> group) = 0;

  // Makes everything applied so far durable (before a segment goes away, at clean close, and when
  // the log has grown by a bound since the last time, which bounds recovery).
  virtual Status flush() = 0;

  virtual Result<std::optional<ChunkLocation>> find_chunk(const Digest& chunk) = 0;
  // The page whose entries cover plain offset `offset` of the blob; nullopt: no such blob.
  virtual Result<std::optional<ManifestPage>> find_manifest(const Digest& blob, uint64_t offset) = 0;

  // Walks in digest order, for verify, gc and stats. Return false to stop.
  virtual Status for_each_chunk(
      const std::function<bool(const Digest&, const ChunkLocation&)>& visit) = 0;
  virtual Status for_each_blob(const std::function<bool(const BlobInfo&)>& visit) = 0;

  // References: is any row still naming this blob / any blob still naming this chunk?
  virtual Result<bool> blob_referenced(const Digest& blob) = 0;
  virtual Result<bool> chunk_referenced(const Digest& chunk) = 0;

  // Segment rewriting: `moved` chunks get new places and the segment's generation becomes
  // `generation`, in one durable step (flushed when it returns).
  struct Rewrite {
    uint32_t segment = 0;
    uint32_t generation = 0;
    std::vector<NewChunk> moved;
  };
  virtual Status rewrite(const Rewrite& rewrite) = 0;
  virtual Result<uint32_t> generation(uint32_t segment) = 0;  // 0 when never rewritten
};

}  // namespace medarc::archive

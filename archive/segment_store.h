// The segment log: the BlobStore of one machine. Files and bytes are described in FORMAT.md.
#pragma once

#include <memory>
#include <string>

#include "archive/blob_store.h"
#include "archive/catalog.h"
#include "base/config.h"
#include "base/fs.h"

namespace medarc::archive {

struct SegmentOptions {
  uint64_t segment_bytes = 64ull << 20;       // a segment is sealed at about this size
  uint32_t chunk_bytes_min = 4096;            // smaller given cuts are joined
  uint32_t chunk_bytes_max = 8u << 20;
  uint32_t payload_bytes_max = 64u << 20;
  uint64_t flush_log_bytes = 256ull << 20;    // catalog flush after so much log, or
  uint64_t flush_commits = 8192;              // so many commits: bounds what a recovery replays;
                                              // both UINT64_MAX: only at close
  bool compress_text = true;
  bool compress_pixels = false;
  bool sync = true;  // false loses acknowledged data on power loss; only for the test that proves it

  static SegmentOptions from(Config& config);  // section [archive]
};

// A key for encryption at rest, by id; 0 is "not encrypted". Filled from security/ later: the
// format carries it from its first version.
class KeyRing {
 public:
  virtual ~KeyRing() = default;
  virtual uint32_t current() const = 0;                    // id for new records
  virtual Result<Bytes> key(uint32_t id) const = 0;        // 32 bytes; not_found
};

// Opens or creates the store in `dir` (locked exclusively) and replays into `catalog` what it lacks.
// `catalog`, `fs` and `keys` outlive the store; `keys` may be null.
// Errors: conflict (another process has it), corrupt (with the segment and offset), unsupported
// (written by a newer Medarc).
Result<std::unique_ptr<BlobStore>> open_segment_store(Fs& fs, const std::string& dir,
                                                      Catalog& catalog, SegmentOptions options,
                                                      const KeyRing* keys = nullptr);

// The same promises on one file a blob (temp, sync, rename, sync of the directory): the second
// implementation that keeps the seam honest, and a fallback. Keeps its own catalog of places; calls
// `catalog.apply` with payloads only.
Result<std::unique_ptr<BlobStore>> open_file_store(Fs& fs, const std::string& dir, Catalog& catalog);

}  // namespace medarc::archive

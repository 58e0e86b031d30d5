// The chunks that a blob's bytes are kept in: for readers who verify what they get piece by piece,
// and go on where they stopped.
#pragma once

#include <vector>

#include "archive/blob_store.h"

namespace medarc::archive {

struct ListedChunk {
  Digest sha256;    // of its plain bytes, whatever form it has on disk
  ByteRange range;  // in the blob
  bool operator==(const ListedChunk&) const = default;
};

// Thread-safe.
class ChunkLists {
 public:
  virtual ~ChunkLists() = default;
  // Consecutive chunks from the one that holds plain `offset` on, as many as are kept together (at
  // most kManifestPageEntries); none: `offset` is not in the blob. A blob's chunks never change.
  // Errors: not_found.
  virtual Result<std::vector<ListedChunk>> chunks_from(const Digest& blob, uint64_t offset) = 0;
};

// The side of a store that knows them; nullptr: it keeps blobs whole.
ChunkLists* chunk_lists_of(BlobStore& store);

}  // namespace medarc::archive

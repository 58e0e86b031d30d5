// Chunks that are kept in another form than their bytes: smaller ones that coders outside of the
// archive make and undo (native pixels as lossless HTJ2K: dicom/recompress; BGZF blocks as what
// they were compressed from: genomics/cold). Which form a chunk has is seen by nobody who reads:
// its name stays the SHA-256 of its plain bytes, and whatever is read of it was undone and held
// against that name before the first byte goes out.
//
// Invariants beside those of blob_store.h, proved by tests/archive/recoding_test and
// recode_fault_test:
//   1. A chunk changes its form only when the new one lies in the log, was read back from there as
//      any reader would, undone anew, and gave the very bytes of the old one; otherwise it stays as
//      it is. Until the commit that says so is durable, the old form is the one that counts.
//   2. The old form is left alone until collection finds that nothing names it (collect.h).
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "archive/catalog.h"

namespace medarc::archive {

// Undoes the coded forms of one kind. Thread-safe.
class ChunkCoder {
 public:
  virtual ~ChunkCoder() = default;
  // What `coded` was made of, `plain_length` bytes. unavailable, deadline: not now, perhaps later.
  // Any other error: nothing can be had from these bytes.
  virtual Result<Bytes> decode(ByteView coded, uint32_t plain_length) = 0;
};

// By the byte that their coded forms begin with; which are taken: FORMAT.md, "Coded chunks".
using ChunkCoders = std::map<uint8_t, std::shared_ptr<ChunkCoder>>;

struct StoredChunk {
  Digest chunk;
  ByteRange range;            // in the blob
  uint64_t stored_bytes = 0;  // of its record
  bool coded = false;
};

struct CodedChunk {
  Digest chunk;
  Bytes coded;  // for ChunkCoder::decode of the coder that its first byte names
};

// What became of some chunks.
struct Recoded {
  uint64_t chunks = 0;                         // that have another form now
  uint64_t bytes_before = 0, bytes_after = 0;  // of their records
  uint64_t as_before = 0;                      // gone, in that form already, or not smaller in it
  uint64_t not_proved = 0;  // the coder gave other bytes than the chunk's, or none
  uint64_t commits = 0;
};

// Thread-safe, beside everything else that a store does.
class Recoding {
 public:
  virtual ~Recoding() = default;

  // From here on coded chunks can be read and made whose coder is among these; others are
  // unavailable. `kept_bytes_max`: of undone chunks in memory, for whoever reads on in them.
  virtual void use(ChunkCoders coders, uint64_t kept_bytes_max) = 0;

  // The chunks of a blob, in order. not_found.
  virtual Result<std::vector<StoredChunk>> chunks(const Digest& blob) = 0;
  // Whether one of them is coded; looks no further than the first that is. not_found.
  virtual Result<bool> any_coded(const Digest& blob) = 0;

  // Gives chunks a coded form, or their plain one back, as the invariants above say: one commit,
  // durable when it answers. All of them are in memory meanwhile. Errors: what the coder says when
  // it cannot work now, corrupt (a chunk that is stored damaged), and those of BlobStore::commit;
  // nothing has changed then.
  virtual Result<Recoded> recode(std::vector<CodedChunk> chunks) = 0;
  virtual Result<Recoded> expand(const std::vector<Digest>& chunks) = 0;
};

// Gives all of a blob its plain form back, in commits of about so many plain bytes. Errors: not_found,
// and those of Recoding::expand; what was done before stays done.
Result<Recoded> expand_blob(Recoding& recoding, const Digest& blob, uint64_t batch_bytes_max);

// The side of a store that can do this; nullptr: it keeps all bytes as they are.
Recoding* recoding_of(BlobStore& store);

// Whether a commit gives new places to chunks that are held: it has chunks and nothing else. In any
// other commit the place that a chunk has already stays.
bool moves_chunks(const Application& application);

}  // namespace medarc::archive

// The coders of a store, and the chunks it has undone lately: frames are read in pieces, and one
// after the other.
#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <unordered_map>

#include "archive/recoding.h"

namespace medarc::archive {

// Thread-safe.
class DecodedChunks {
 public:
  void use(ChunkCoders coders, uint64_t bytes_max);

  // The plain bytes of a chunk, which have its digest. unavailable: it has no such coder; what that
  // says when it cannot work now; corrupt.
  Result<Bytes> decode(const Digest& chunk, ByteView coded, uint32_t plain_length);

  // Copies a range of a chunk that is kept; false: it is not, or is shorter.
  bool copy(const Digest& chunk, ByteRange range, char* out);
  void keep(const Digest& chunk, Bytes plain);

 private:
  struct Kept {
    Digest chunk;
    std::shared_ptr<const Bytes> plain;
  };

  std::mutex mutex_;
  ChunkCoders coders_;
  uint64_t bytes_max_ = 0, bytes_ = 0;
  std::list<Kept> kept_;  // the one used last is the first
  std::unordered_map<Digest, std::list<Kept>::iterator> places_;
  std::atomic<bool> any_{false};  // so that a store without coded chunks takes no lock
};

// How coded chunks are read.
struct Decoding {
  DecodedChunks* chunks = nullptr;  // none: unavailable
  bool fresh = false;               // from the disk and anew, and not kept
};

}  // namespace medarc::archive

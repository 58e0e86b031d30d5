// The chunks of a stored file, so that whoever fetches it can verify every piece when it arrives
// and go on at one after a break.
#pragma once

#include <optional>
#include <vector>

#include "archive/chunk_list.h"

namespace medarc::genomics {

// Goes through the chunks in order, some at a time in memory. Not thread-safe.
class Manifest {
 public:
  // From the chunk that holds byte `from` on. Errors: range_not_satisfiable (the content has no
  // such byte), not_found (it was removed).
  static Result<Manifest> open(archive::ChunkLists& lists, const Digest& content, uint64_t bytes,
                               uint64_t from);
  // nullopt: there are no more. Errors: not_found, corrupt, and those of the store.
  Result<std::optional<archive::ListedChunk>> next();

 private:
  Manifest(archive::ChunkLists& lists, const Digest& content, uint64_t bytes)
      : lists_(&lists), content_(content), bytes_(bytes) {}
  Status load(uint64_t from);

  archive::ChunkLists* lists_;
  Digest content_;
  uint64_t bytes_;
  std::vector<archive::ListedChunk> page_;
  size_t at_ = 0;  // in page_
};

}  // namespace medarc::genomics

// The index of BGZF blocks that `bgzip -r` writes (".gzi", bgzip(1)): where in the file each block
// lies, and where its plain bytes lie in the text.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/bgzf.h"

namespace medarc::genomics {

struct GziEntry {
  uint64_t offset = 0;  // of the block in the file
  uint64_t plain = 0;   // of its first byte in the text
};

class GziBuilder {
 public:
  void add(const BgzfBatch& batch);  // batches in file order
  Bytes finish() const;

 private:
  std::vector<GziEntry> entries_;
  uint64_t plain_ = 0;
};

// With the first block, which the stored form leaves out. Offsets and plain bytes rise. Errors:
// corrupt.
Result<std::vector<GziEntry>> decode_gzi(ByteView stored);

}  // namespace medarc::genomics

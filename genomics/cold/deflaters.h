// The compressors that BGZF writers use, as this product links them: what one of them made of a
// block's bytes is made again from those bytes by naming it. Which versions they are is told by
// nobody and need not be: what comes back is held against the block, and later against the chunk's
// digest (docs/decisions/0098).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"

namespace medarc::genomics {

// Names a compressor with its settings. Stored in coded chunks: values keep their meaning for good.
using DeflaterId = uint8_t;
inline constexpr DeflaterId kKeptAsIs = 0;   // no compressor: the block lies beside
inline constexpr DeflaterId kOneStored = 1;  // one stored block (RFC 1951 3.2.4): level 0 of most
// zlib, raw deflate, window of 32 KiB, default strategy, the whole block in one call, with level
// 1-9 and memLevel 8 (HTSlib without libdeflate, samtools of old, htsjdk's own, biobambam) or 9.
inline constexpr DeflaterId kZlib = 0x10, kZlibMemory9 = 0x20;
// libdeflate of level 1-12 (HTSlib with it maps 1-9 to 1, 2, 3, 5, 6, 7, 8, 10, 12; htsjdk with it;
// this product).
inline constexpr DeflaterId kLibdeflate = 0x30;

bool is_deflater(DeflaterId id);
// All of them, the commonest first.
const std::vector<DeflaterId>& all_deflaters();

// Not thread-safe; keep one a thread. Compressors are made when they are first needed: up to
// 0.5 MB each, levels 10 to 12 of libdeflate about 8 MB.
class Deflaters {
 public:
  Deflaters();
  ~Deflaters();
  Deflaters(const Deflaters&) = delete;
  Deflaters& operator=(const Deflaters&) = delete;

  // Deflate data of `plain` (at most kBgzfBlockBytesMax) at `out`; its size, or 0: it does not fit
  // into `room`, or `id` names none.
  size_t deflate(DeflaterId id, ByteView plain, char* out, size_t room);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace medarc::genomics

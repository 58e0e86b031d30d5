// How a slice is put together, decided from the block map alone: blocks whose every record is
// wanted go out as they are; the others, and what is left of records at the borders of runs, are
// coded again. The result holds exactly the records that overlap, whatever the blocks' borders are.
#pragma once

#include <vector>

#include "genomics/block_map.h"

namespace medarc::genomics {

// Plain bytes from `begin` to `end`; whole records unless it is a rest of one.
struct Fragment {
  Place begin, end;
  bool filter = false;  // only records that overlap
  bool operator==(const Fragment&) const = default;
};

struct Piece {
  ByteRange verbatim;               // of the stored file; length 0: coded again
  std::vector<Fragment> fragments;  // in order
  uint64_t plain_bytes = 0;         // of the blocks the fragments touch, at most
};

struct SlicePlan {
  std::vector<Piece> pieces;  // in file order
  uint64_t verbatim_bytes = 0;
  uint64_t recode_plain_bytes = 0;
};

struct PlanOptions {
  bool recode_all = false;                           // fields or tags are left out
  uint64_t piece_plain_bytes_max = 4ull << 20;       // of a piece coded again
  uint64_t piece_verbatim_bytes_max = 512ull << 20;  // of one byte range (htsget H25)
};

// Errors: corrupt, and those of the store.
Result<SlicePlan> plan_slice(const BlockMap& map, const std::vector<Touched>& touched,
                             const PlanOptions& options = {});

}  // namespace medarc::genomics

// BAI, TBI and CSI as they are read (SAM specification 5.2, the tabix and CSIv1 specifications):
// those of senders, which are checked, and our own beside them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "genomics/bam_index.h"

namespace medarc::genomics {

struct RegionIndex {
  struct Chunk {
    VirtualOffset begin = 0, end = 0;
  };
  struct Bin {
    uint32_t id = 0;
    std::vector<Chunk> chunks;
  };
  struct Counts {
    uint64_t mapped = 0, unmapped = 0;
    bool operator==(const Counts&) const = default;
  };
  struct Reference {
    std::string name;                    // "" where the index goes by the order of the header
    std::vector<Bin> bins;               // by id, ascending, each once
    std::vector<VirtualOffset> windows;  // linear index; CSI has none
    std::optional<Counts> counts;        // from the pseudo-bin, which is not among the bins
  };
  std::string kind;  // "bai", "tbi", "csi"
  int min_shift = 14, depth = 5;
  std::vector<Reference> references;

  // Ids of the bins of a level (0: the one of everything) that overlap [begin, end).
  struct Ids {
    uint32_t first = 0, last = 0;
  };
  Ids bins_of(int level, uint64_t begin, uint64_t end) const;
  // [begin, end) of a bin.
  std::pair<uint64_t, uint64_t> interval(uint32_t bin) const;
};

// `stored` as it lies in a file; TBI and CSI are inflated, to at most `plain_bytes_max`. Errors:
// invalid_argument: it is no such index, or damaged; too_large.
Result<RegionIndex> read_region_index(ByteView stored, uint64_t plain_bytes_max);

}  // namespace medarc::genomics

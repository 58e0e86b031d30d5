// Reads the depth track of a BAM file (DEPTH.md): bins of a region at a zoom, by a few range reads
// that follow the answer's size and not the file's.
#pragma once

#include <memory>
#include <vector>

#include "archive/blob_store.h"
#include "genomics/region.h"

namespace medarc::genomics {

struct DepthBins {
  uint64_t begin = 0;      // of the first bin, 0-based: a multiple of bin_bases
  uint64_t bin_bases = 0;  // a power of two; the last bin ends with the sequence
  std::vector<double> means;
};

// Not thread-safe; cheap to make.
class DepthTrack {
 public:
  // Errors: corrupt, and those of reading.
  static Result<DepthTrack> open(std::unique_ptr<archive::BlobReader> reader);
  uint64_t bin_bases_min() const { return 1ull << shift_; }
  uint32_t references_count() const { return references_count_; }
  // The whole bins that the region touches, of the least size (a power of two, not below
  // bin_bases_min) of which there are no more than `bins_max` (at least 1). A region beyond the
  // sequence's end has none. Errors: invalid_argument (no such reference), corrupt.
  Result<DepthBins> bins(const Region& region, uint32_t bins_max) const;

 private:
  struct Entry {
    uint64_t counted = 0, codes_at = 0;
    uint32_t bases = 0;
  };
  Result<Entry> entry_of(int32_t tid) const;
  Result<std::vector<uint16_t>> codes(uint64_t at, uint64_t count) const;

  std::unique_ptr<archive::BlobReader> reader_;
  uint32_t shift_ = 0, references_count_ = 0;
};

}  // namespace medarc::genomics

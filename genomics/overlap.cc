#include "genomics/overlap.h"

#include <algorithm>

namespace medarc::genomics {

std::vector<Region>::const_iterator first_behind(const std::vector<Region>& regions, int32_t tid,
                                                 int64_t begin) {
  const auto place = static_cast<uint32_t>(tid);  // unplaced reads are last
  return std::upper_bound(regions.begin(), regions.end(), place,
                          [&](uint32_t p, const Region& region) {
                            const auto other = static_cast<uint32_t>(region.tid);
                            return p != other ? p < other : begin < int64_t{region.end};
                          });
}

bool overlaps(const RecordFacts& r, const std::vector<Region>& regions) {
  const auto found = first_behind(regions, r.tid, r.begin);
  if (found == regions.end() || found->tid != r.tid) return false;
  return r.tid == kUnplaced || int64_t{found->begin} < int64_t{r.end};
}

}  // namespace medarc::genomics

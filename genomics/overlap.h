// Which of a slice's regions a record overlaps.
#pragma once

#include <vector>

#include "genomics/bam_record.h"
#include "genomics/region.h"

namespace medarc::genomics {

// The first of merged regions (merge_regions) that ends behind `begin`, or one of a later
// reference.
std::vector<Region>::const_iterator first_behind(const std::vector<Region>& regions, int32_t tid,
                                                 int64_t begin);

bool overlaps(const RecordFacts& record, const std::vector<Region>& merged);

}  // namespace medarc::genomics

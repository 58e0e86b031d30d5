// The nine columns of a BED record that the standard names behind the first three.
#pragma once

#include "genomics/bed_line.h"

namespace medarc::genomics {

// As how many columns of the standard a record can be read, from the first on: 3 to 9, or 12.
struct BedStandard {
  uint32_t columns = kBedColumnsMin;
  const char* departs = nullptr;  // what keeps it from more; nullptr: it has no more
};

// Errors: invalid_argument: columns 10 to 12 are blocks (everything before them is as the standard
// has it, and two lists of numbers are there) that contradict each other or the record.
Result<BedStandard> standard_of_bed(const BedColumns& columns);

}  // namespace medarc::genomics

// Regions of reference sequences: 0-based and half-open inside, two text forms at the doors.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "genomics/bam_header.h"

namespace medarc::genomics {

inline constexpr int32_t kUnplaced = -1;       // reads without a position
inline constexpr uint32_t kToTheEnd = INT32_MAX;

// [begin, end) of one reference sequence; tid kUnplaced ignores both.
struct Region {
  int32_t tid = kUnplaced;
  uint32_t begin = 0, end = kToTheEnd;
  bool operator==(const Region&) const = default;
};

// samtools' form, 1-based and inclusive: "chr1", "chr1:101", "chr1:101-200", "chr1:-200", "{name}:1-2",
// "*" (unplaced); thousands separators are taken. A name may hold colons: the whole text is tried
// as a name first; when both readings name a reference, invalid_argument asks for braces.
// Errors: not_found (no such reference), invalid_argument.
Result<Region> parse_samtools_region(std::string_view text, const BamHeader& header);

// htsget's form: a name, and 0-based half-open positions where given. "*" gives kUnplaced.
// Errors: not_found.
Result<Region> htsget_region(std::string_view name, uint32_t begin, uint32_t end,
                             const BamHeader& header);

// In file order, overlapping and touching ones joined, empty ones left out: every record once.
std::vector<Region> merge_regions(std::vector<Region> regions);

}  // namespace medarc::genomics

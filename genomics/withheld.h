// Leaving out the records of regions that consent withholds. A record is left out when it overlaps
// such a region, by the same rule as slices take records in; a block that may hold one is never
// sent as it is stored. Reads without a place are never withheld.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "genomics/read_set.h"

namespace medarc::genomics {

// Of extents that a slice touches: those go whose every record is withheld, and no longer count as
// whole those that may hold one. `withheld` is merged.
// Errors: corrupt, and those of the store.
Status leave_out(const std::vector<Region>& withheld, const BlockMap& map,
                 std::vector<Touched>& touched);

// A region with positions, as parse_samtools_region() reads it.
std::string to_samtools_region(const Region& region, const FileHeader& header);

// Those of the withheld regions that the regions asked for meet; none asked for: all.
std::vector<Region> withheld_in(const std::vector<Region>& withheld,
                                const std::optional<std::vector<Region>>& asked);

// Where bases of withheld records may lie, as far as the block map tells: the withheld regions, and
// what records of blocks they meet reach. For numbers that were counted over all records before.
// Errors: corrupt, and those of the store.
Result<std::vector<Region>> withheld_reach(const ReadSet& set);

}  // namespace medarc::genomics

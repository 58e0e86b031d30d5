// When something was last removed from a study or series: what was there before is not known any
// more.
#pragma once

#include "index/index.h"

namespace medarc::index {

// The latest removal of the study or series, of anything in it, or of the study around the series.
// Reads the tombstone of each, with nothing in memory but one.
Result<std::optional<Tombstone>> last_removal(View& view, const StudyUid& study,
                                              const std::optional<SeriesUid>& series);

}  // namespace medarc::index

// Reads every blob against its digest; shared by both stores.
#pragma once

#include "archive/catalog.h"

namespace medarc::archive {

// At most `bytes_per_second_max` (0: as fast as it goes). Blobs that arrive meanwhile may be missed.
Result<VerifyReport> verify_blobs(BlobStore& store, Catalog& catalog, uint64_t bytes_per_second_max,
                                  const Progress& progress);

}  // namespace medarc::archive

// The genomics door: /genomics/files (upload, list, content and all that lies below a file),
// /uploads (tus 1.0), /htsget/reads and /htsget/variants (htsget 1.3), /refget (refget 2.0),
// /ga4gh/drs/v1 (DRS 1.5).
#pragma once

#include <vector>

#include "genomics/resumable.h"
#include "web/genomics/options.h"
#include "web/http.h"

namespace medarc::web {

// Both must outlive the routes.
std::vector<Route> genomics_routes(genomics::GenomeStore& store,
                                   genomics::ResumableUploads& uploads,
                                   const GenomicsOptions& options);

}  // namespace medarc::web

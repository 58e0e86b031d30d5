// Beacon v2 at /beacon (docs/decisions/0102).
#pragma once

#include "genomics/genome_store.h"
#include "web/genomics/beacon_options.h"
#include "web/http.h"

namespace medarc::web {

// `store` outlives them.
std::vector<Route> beacon_routes(genomics::GenomeStore& store, const BeaconOptions& options);

}  // namespace medarc::web

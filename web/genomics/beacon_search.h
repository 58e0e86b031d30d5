// A Beacon question put to the datasets: which files they hold for who asks, and what is found in
// them. A file whose consent does not fit counts for nothing, and so do regions that it withholds.
#pragma once

#include "genomics/allele_search.h"
#include "web/genomics/beacon_options.h"
#include "web/genomics/doors.h"

namespace medarc::web {

struct BeaconContext {
  genomics::GenomeStore& store;
  BeaconOptions options;
};
using BeaconContextPtr = std::shared_ptr<const BeaconContext>;

// How much this caller is told; `asker` may then look for it, and is who audit entries name.
struct BeaconAccess {
  BeaconGranularity granularity = BeaconGranularity::none;
  genomics::Asker asker;
};
// Errors: unauthenticated, permission_denied: nothing.
Result<BeaconAccess> beacon_access(const BeaconContext& context, const Request& request);

// The variant files of a dataset that the asker may read something of, newest first. Errors:
// too_large (beacon.files_max), and those of the store.
Result<std::vector<genomics::FileRow>> beacon_files(const BeaconContext& context,
                                                    const BeaconDataset& dataset,
                                                    const genomics::Asker& asker);

// What a dataset has. `bounds.first_only`: one is enough. Files that are not sorted have no regions
// and are passed over. Errors: those of search_alleles() and of the store.
Result<genomics::FoundAlleles> beacon_find(const BeaconContext& context,
                                           const BeaconDataset& dataset,
                                           const genomics::Asker& asker,
                                           const genomics::AlleleQuery& query,
                                           genomics::AlleleBounds& bounds);

}  // namespace medarc::web

// DRS bundles: the files of a patient, and of a sample. A bundle's id names a set of files (D07):
// files that come later make another bundle, and the one before stays what it was as long as its
// files are there. Each file is there with its index beside it.
#pragma once

#include <string>
#include <vector>

#include "web/genomics/doors.h"
#include "web/genomics/drs_id.h"

namespace medarc::web {

struct DrsBundle {
  DrsId id;                              // with its digest
  std::vector<genomics::FileRow> files;  // oldest first; not empty
};

// By its id, or by a name: all the files there are now. Only files that the principal's listing
// has; the listing is audited. Errors: not_found; too_large (genomics.drs_bundle_files_max).
Result<DrsBundle> find_drs_bundle(const GenomicsContext& context, const security::Principal& who,
                                  const DrsId& id);

// The DrsObject. A patient's files lie in a bundle for each sample, those of no sample or of
// several beside them.
Result<std::string> drs_bundle_json(const GenomicsContext& context, const std::string& base_url,
                                    const DrsBundle& bundle, bool expand);

}  // namespace medarc::web

// Stored headers as they are served: scanned (convert.h) and then corrected where the row says so.
#pragma once

#include "archive/blob_store.h"
#include "dicom/scanner.h"
#include "index/rows.h"

namespace medarc::dicom {

// As scan_stored and scan_stored_header. `limits` outlives the scanner.
Result<std::unique_ptr<Scanner>> scan_served(archive::BlobReader& blob,
                                             const index::InstanceRow& row, const Limits& limits);
Result<std::unique_ptr<Scanner>> scan_served_header(archive::BlobReader& blob,
                                                    const index::InstanceRow& row,
                                                    const Limits& limits);

}  // namespace medarc::dicom

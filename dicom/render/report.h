// A structured report as a page for a browser (PS3.3 A.35, C.17.3): its content tree as nested
// lists. Only text leaves: everything is escaped, there are no scripts, links or foreign styles in
// it.
#pragma once

#include "base/result.h"
#include "dicom/scanner.h"

namespace medarc::dicom {

// too_large: more than `bytes_max`.
Result<Bytes> report_html(const Scanner& scanner, uint64_t bytes_max);

}  // namespace medarc::dicom

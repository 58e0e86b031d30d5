// C-FIND as provider (PS3.4 C.4.1, PS3.7 9.1.2): answers leave while they are read, a page of rows
// in memory, all of one view. C-CANCEL is looked for between pages of answers.
#pragma once

#include "dicom/dimse/message.h"
#include "dicom/dimse/query.h"
#include "dicom/imaging.h"

namespace medarc::dicom::dimse {

// Serves one C-FIND-RQ, its identifier included. `next`: a request that came in the meantime and is
// no C-CANCEL of this one. An error ends the association.
Status serve_find(ul::Association& association, Imaging& imaging, const Principal& principal,
                  const Limits& limits, const std::string& aet, const FiledUid& filed,
                  const Request& request, std::optional<Request>& next);

}  // namespace medarc::dicom::dimse

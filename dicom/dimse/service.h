// The dialogue on one association: C-ECHO and C-STORE are served, C-CANCEL has nothing to cancel,
// every other request is told 0211.
#pragma once

#include "dicom/dimse/store_scp.h"

namespace medarc::dicom::dimse {

// Serves until the peer releases (success, answered) or the association ends (the reason). Blocks.
Status serve(ul::Association& association, Imaging& imaging, const Principal& principal,
             const Limits& limits, bool warn_status);

}  // namespace medarc::dicom::dimse

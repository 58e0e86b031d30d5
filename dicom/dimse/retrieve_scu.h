// C-GET and C-MOVE as user (PS3.4 C.4.2, C.4.3): objects of a peer, taken over the same association
// and stored, or sent by the peer to where it is told.
#pragma once

#include <functional>

#include "dicom/dimse/user.h"
#include "dicom/imaging.h"

namespace medarc::dicom::dimse {

struct RetrieveEnd {
  uint16_t status = 0;
  std::string comment;
  Suboperations counts;             // as the peer counts
  std::vector<std::string> failed;  // instances the peer names as failed
};

struct RetrieveRequest {
  std::string sop_class;
  std::vector<index::Attribute> keys;
  std::string destination;  // AE title, of a C-MOVE
};

// After each sub-operation; false cancels (C-CANCEL), and the end is still awaited.
using RetrieveProgress = std::function<bool(const Suboperations&)>;

// Answers when the peer is done. unsupported: the peer takes no such request.
Result<RetrieveEnd> move(ul::Association& association, const Limits& limits,
                         const RetrieveRequest& request, const RetrieveProgress& progress);

// Every object that came is durable when this answers. The association must have offered the
// storage classes in the provider's role.
Result<RetrieveEnd> get(ul::Association& association, Imaging& imaging, const Principal& principal,
                        const Limits& limits, const RetrieveRequest& request,
                        const RetrieveProgress& progress);

}  // namespace medarc::dicom::dimse

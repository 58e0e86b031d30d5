// C-GET and C-MOVE as provider (PS3.4 C.4.2, C.4.3; PS3.7 9.1.3, 9.1.4; dicom.md D2, D3): the
// instances named leave as C-STORE sub-operations, over this association or one to the destination.
#pragma once

#include "dicom/destinations.h"
#include "dicom/dimse/message.h"
#include "dicom/dimse/query.h"
#include "dicom/imaging.h"

namespace medarc::dicom::dimse {

inline constexpr uint32_t kSuboperationsMax = UINT16_MAX;  // they are counted in 16 bits

struct RetrieveContext {
  ul::Association& association;
  Imaging& imaging;
  const Principal& principal;
  const Limits& limits;
  const Destinations& destinations;
  const ul::StopSignals& signals;
  std::string aet;                                 // our own, calling
  std::string calling_aet;                         // the requestor's
  bool lossy_allowed = false;                      // as StoreScu
  FiledUid filed = {};                             // of the requestor
  uint32_t suboperations_max = kSuboperationsMax;  // more instances are refused (A701)
};

// Serves one C-GET-RQ or C-MOVE-RQ, its identifier included. `next`: as serve_find. An error ends
// the association.
Status serve_retrieve(const RetrieveContext& context, const Request& request,
                      std::optional<Request>& next);

}  // namespace medarc::dicom::dimse

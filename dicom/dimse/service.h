// The dialogue on one association: C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE, storage commitment and
// unified procedure steps are served, a C-CANCEL of what has been answered is passed over, every
// other request is told 0211.
#pragma once

#include "dicom/destinations.h"
#include "dicom/dimse/commitment.h"
#include "dicom/dimse/commitment_receiver.h"
#include "dicom/dimse/store_scp.h"

namespace medarc::dicom::worklist {
class Worklist;
}

namespace medarc::dicom::dimse {

struct ServiceOptions {
  std::string aet;           // our own title, for answers
  bool warn_status = false;  // as StoreScp
  const Destinations& destinations;
  const ul::StopSignals& signals;
  Commitments* commitments = nullptr;       // null: no storage commitment
  worklist::Worklist* work_list = nullptr;  // null: no unified procedure steps
  bool lossy_to_peers = false;              // as StoreScu
  StudyNoter* study_notes = nullptr;        // null: how the association ended is not kept
  CommitmentReceiver* receiver = nullptr;   // null: nobody waits for commitment reports
  uint32_t suboperations_max = UINT16_MAX;  // of one C-MOVE or C-GET
  const senders::Quirks* quirks = nullptr;  // null: senders are asked for what they wrote as it is
};

// Serves until the peer releases (success, answered) or the association ends (the reason). Blocks.
Status serve(ul::Association& association, Imaging& imaging, const Principal& principal,
             const Limits& limits, const ServiceOptions& options);

}  // namespace medarc::dicom::dimse

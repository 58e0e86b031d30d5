// Unified procedure steps on one association (PS3.4 annex CC): N-CREATE, N-GET, N-SET, N-ACTION and
// C-FIND of the Push, Pull, Watch and Query classes, each where its class has it.
#pragma once

#include <optional>

#include "dicom/dimse/message.h"
#include "dicom/worklist/worklist.h"

namespace medarc::dicom::dimse {

struct WorklistPeer {
  ul::Association& association;
  worklist::Worklist& list;
  const security::Principal& principal;
  const Limits& limits;
};

// Whether serve_worklist() answers requests of this Command Field.
bool is_worklist_request(uint16_t field);

// The request with its dataset. `next`: what came while a C-FIND was answered. An error ends the
// association.
Status serve_worklist(const WorklistPeer& peer, const Request& request,
                      std::optional<Request>& next);

}  // namespace medarc::dicom::dimse

// The modality's door: associations over TCP (PS3.8); C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE,
// storage commitment and unified procedure steps as SCP (PS3.7).
#pragma once

#include <memory>
#include <string>

#include "dicom/destinations.h"
#include "dicom/dimse/commitment_receiver.h"
#include "dicom/imaging.h"
#include "dicom/limits.h"
#include "security/guard.h"
#include "security/identity.h"
#include "security/known_peers.h"

namespace medarc::dicom {

namespace worklist {
class Worklist;
}

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 4242;                       // 0: any free one
  std::shared_ptr<security::TlsContext> tls;  // null: no TLS door
  std::string tls_address = "127.0.0.1";
  uint16_t tls_port = 2762;  // dicom-tls; 0: any free one
  std::string aet = "MEDARC";
  bool any_called_aet = false;                // accept whatever called AE title
  bool private_sop_classes = true;            // store SOP classes we do not know (D6)
  Destinations destinations;                  // of C-MOVE
  dimse::Commitments* commitments = nullptr;  // null: storage commitment is not offered
  worklist::Worklist* work_list = nullptr;    // null: unified procedure steps are not offered
  std::shared_ptr<const senders::Quirks>
      quirks;                         // what senders ask for as they wrote it; null: none
  bool lossy_to_peers = false;        // C-GET, C-MOVE: as dimse::StoreScu
  StudyNoter* study_notes = nullptr;  // null: how associations ended is not kept
  // Takes the storage commitment reports that peers bring; null: they are refused.
  dimse::CommitmentReceiver* commitment_receiver = nullptr;
  // What is agreed on with each peer beside its roles; null: nothing.
  std::shared_ptr<const security::KnownPeers> peers = nullptr;
  security::Identities* identities = nullptr;  // null: user identities are passed over
  security::Guard* guard = nullptr;    // audits refused identities; null: they are only logged
  uint32_t suboperations_max = 65535;  // instances of one C-MOVE or C-GET; more are refused (A701)
  bool warn_status = false;            // answer B000/B006/B007 instead of 0000 with a comment (D1)
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(ServerOptions options, Limits limits,
                                               Imaging& imaging,
                                               security::Authenticator& authenticator);
  virtual ~Server() = default;  // as stop(0)
  virtual uint16_t port() const = 0;
  virtual uint16_t tls_port() const = 0;  // 0: there is none
  // Accepts no more, lets running messages finish up to `drain_ms`, then aborts associations.
  virtual void stop(uint32_t drain_ms) = 0;
};

}  // namespace medarc::dicom

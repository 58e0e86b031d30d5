// C-STORE as user (PS3.7 9.1.1): stored instances leave over an association, the peer's own (C-GET)
// or one that was opened for it (C-MOVE).
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "dicom/dimse/message.h"
#include "dicom/imaging.h"

namespace medarc::dicom::dimse {

// On whose behalf a C-MOVE sends.
struct Originator {
  std::string aet;
  uint16_t message_id = 0;
};

// The contexts to propose for objects of these SOP classes and stored transfer syntaxes: as they
// are, and, as far as an association has room (128), uncompressed what can be made so.
using StoredForms = std::set<std::pair<std::string, std::string>>;
// `lossy_allowed`: those that lose something as well, last.
std::vector<ul::AcceptedContext> contexts_for(const StoredForms& stored,
                                              bool lossy_allowed = false);

// One object on its way, whose bytes fit the context's transfer syntax.
struct OutgoingObject {
  uint8_t context_id = 0;
  std::string sop_class, instance;
};

// One C-STORE whole; answers the peer's status. C-CANCEL requests that come meanwhile (the peer's,
// when this serves a C-GET of his) are noted in `cancelled`. Errors end the association.
Result<uint16_t> store(ul::Association& association, const OutgoingObject& object,
                       uint16_t message_id, ByteSource& dataset,
                       const std::optional<Originator>& originator = std::nullopt,
                       std::vector<uint16_t>* cancelled = nullptr);

class StoreScu {
 public:
  // `roles_wanted`: only classes for which the peer took the provider's role (PS3.7 D.3.3.4).
  // `lossy_allowed`: an image that the peer takes only in a transfer syntax that loses something
  // goes out so, as a new instance (lossy.h).
  StoreScu(ul::Association& association, Imaging& imaging, const Principal& principal,
           bool roles_wanted, bool lossy_allowed = false);

  // Answers the status: the peer's, or 0122 when no presentation context fits the instance in a
  // form it can be given in (as stored, else uncompressed, else losslessly transcoded, else lossily
  // where that is allowed), or why it cannot be read. Errors end the association.
  Result<uint16_t> send(const InstanceRow& row, const std::optional<Originator>& originator);

  // Of C-CANCEL requests that came while an answer was awaited.
  bool cancelled(uint16_t message_id) const;

 private:
  struct Choice {
    uint8_t context_id = 0;
    Form form = Form::original;
  };
  std::vector<Choice> choices(const InstanceRow& row) const;  // best first

  ul::Association& association_;
  Imaging& imaging_;
  const Principal& principal_;
  const bool roles_wanted_, lossy_allowed_;
  uint16_t last_message_id_ = 0;
  std::vector<uint16_t> cancelled_;
};

}  // namespace medarc::dicom::dimse

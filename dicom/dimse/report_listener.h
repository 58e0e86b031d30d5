// A door for storage commitment reports alone, for as long as somebody waits for one: the verb
// `send` opens it where no server of ours listens. Associations are served one after the other;
// verification and N-EVENT-REPORT are answered, nothing else is accepted.
#pragma once

#include <memory>
#include <string>

#include "dicom/dimse/commitment_receiver.h"

namespace medarc::dicom::dimse {

class ReportListener {
 public:
  // `aet`: the called AE title. `receiver` outlives it; it is called in a thread of the listener's.
  // Errors: as ul::listen_on.
  static Result<std::unique_ptr<ReportListener>> start(const std::string& address, uint16_t port,
                                                       const std::string& aet, const Limits& limits,
                                                       CommitmentReceiver& receiver);
  virtual ~ReportListener() = default;  // ends what runs
  virtual uint16_t port() const = 0;
};

}  // namespace medarc::dicom::dimse

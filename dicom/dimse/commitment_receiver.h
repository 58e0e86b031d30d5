// Storage commitment reports that peers owe us (PS3.4 J.3.3): an N-EVENT-REPORT over the
// association on which we asked, or over one that the peer opens with itself in the provider's
// role. Some peers leave the role negotiation out; their reports are taken all the same.
#pragma once

#include <functional>
#include <string>

#include "dicom/dimse/commitment.h"
#include "dicom/dimse/message.h"

namespace medarc::dicom::dimse {

// Who waits for reports. Thread-safe.
class CommitmentReceiver {
 public:
  virtual ~CommitmentReceiver() = default;
  // `peer`: the AE title that reports. Answers the status of the N-EVENT-REPORT; success only when
  // the outcome cannot be lost any more. A transaction that nobody waits for is kInvalidArgument.
  virtual uint16_t receive(const security::Principal& principal, const std::string& peer,
                           const CommitmentDataset& report) = 0;
  // references_max and dataset_bytes_max hold for reports as for requests.
  virtual const CommitmentOptions& options() const = 0;
};

// Takes an N-EVENT-REPORT-RQ, its dataset included, and answers it. An error ends the association.
Status serve_commitment_report(ul::Association& association, const std::string& peer,
                               CommitmentReceiver& receiver, const security::Principal& principal,
                               const Limits& limits, const Request& request);

// Takes reports over an association that we opened to `peer`, for wait_ms at most and until `done`,
// which is asked some times a second. Errors: the association is over (cancelled: the peer has
// released it), or we stop.
Status take_reports(ul::Association& association, const std::string& peer,
                    CommitmentReceiver& receiver, const security::Principal& principal,
                    const Limits& limits, uint32_t wait_ms, const std::function<bool()>& done);

}  // namespace medarc::dicom::dimse

// Storage commitment on one association (PS3.4 J.3.2, J.3.3): N-ACTION is answered at once; while
// the peer is silent the instances are looked into, and the report leaves over this association if
// the peer is still there. What is not done when it goes is left to CommitmentReports.
#pragma once

#include <chrono>
#include <list>
#include <memory>

#include "dicom/dimse/commitment.h"
#include "dicom/dimse/message.h"

namespace medarc::dicom::dimse {

class CommitmentScp {
 public:
  // `commitments` null: not served, and receive() is not called.
  CommitmentScp(ul::Association& association, Commitments* commitments,
                const security::Principal& principal, const Limits& limits, std::string aet);
  ~CommitmentScp();  // gives back what is not done
  CommitmentScp(const CommitmentScp&) = delete;
  CommitmentScp& operator=(const CommitmentScp&) = delete;

  // An N-ACTION-RQ, its dataset included. An error ends the association.
  Status receive(const Request& request);
  // Whether step() has something to do.
  bool pending() const;
  // A small piece of the work; called while the peer is silent. An error ends the association.
  Status step();
  // An N-EVENT-REPORT-RSP. An error ends the association.
  Status answered(const Command& response);

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    CommitmentJob job;
    uint8_t context_id = 0;
    std::string transfer_syntax;
    Clock::time_point asked;
    Verification verification;
    uint16_t message_id = 0;  // of its report; 0: not sent
  };
  Status answer(const Request& request, uint16_t status, std::string comment = {});
  Status report(Running& running);

  ul::Association& association_;
  Commitments* const commitments_;
  const security::Principal& principal_;
  const Limits limits_;
  const std::string aet_;
  std::list<Running> running_;
  uint16_t last_message_id_ = 0;
};

// Sends an N-EVENT-REPORT-RQ with `report`; its answer is for the caller to read.
Status send_commitment_report(ul::Association& association, uint8_t context_id,
                              std::string_view transfer_syntax, uint16_t message_id,
                              const CommitmentDataset& report);

}  // namespace medarc::dicom::dimse

// Storage commitment as user (PS3.4 J.3.2, J.3.3): asking a peer to keep what was sent to it, and
// its report over the same association.
#pragma once

#include "dicom/dimse/commitment_dataset.h"
#include "dicom/dimse/user.h"

namespace medarc::dicom::dimse {

// The peer's status for the N-ACTION. unsupported: it takes none.
Result<uint16_t> request_commitment(ul::Association& association, const Limits& limits,
                                    const CommitmentDataset& wanted);

// Waits limits.idle_timeout_ms at most for the N-EVENT-REPORT of `transaction`, and takes it.
// deadline, cancelled: it did not come (over this association).
Result<CommitmentDataset> await_commitment(ul::Association& association, const Limits& limits,
                                           const std::string& transaction);

// A new Transaction UID (PS3.5 B.2).
std::string new_transaction_uid();

}  // namespace medarc::dicom::dimse

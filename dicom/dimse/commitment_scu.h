// Storage commitment as user (PS3.4 J.3.2): asking a peer to keep what was sent to it. Its report
// is taken by a CommitmentReceiver (commitment_receiver.h).
#pragma once

#include "dicom/dimse/commitment_dataset.h"
#include "dicom/dimse/user.h"

namespace medarc::dicom::dimse {

// The peer's status for the N-ACTION. unsupported: it takes none.
Result<uint16_t> request_commitment(ul::Association& association, const Limits& limits,
                                    const CommitmentDataset& wanted);

// A new Transaction UID (PS3.5 B.2).
std::string new_transaction_uid();

}  // namespace medarc::dicom::dimse

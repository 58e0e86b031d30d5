// What services with more than one response share: the identifier on its way in, and C-CANCEL
// (PS3.7 9.3.2.3) between responses.
#pragma once

#include "dicom/dimse/message.h"

namespace medarc::dicom::dimse {

// The dataset of the request; nullopt when it is longer than identifier_bytes_max (it is read to its
// end all the same). Errors end the association.
Result<std::optional<Bytes>> read_identifier_bytes(ul::Association& association,
                                                   const Request& request, const Limits& limits);

// Looks, without waiting, whether the peer has cancelled `request`. Another request that came goes
// to `next`; while one is there, nothing more is read.
Result<bool> cancel_came(ul::Association& association, const Request& request,
                         std::optional<Request>& next);

}  // namespace medarc::dicom::dimse

// Messages on an association: a command set, then perhaps a dataset, each in any number of
// fragments. A message keeps to one presentation context and is not interleaved with another.
#pragma once

#include <functional>
#include <optional>

#include "base/io.h"
#include "dicom/dimse/command.h"
#include "dicom/ul/association.h"

namespace medarc::dicom::dimse {

struct Request {
  uint8_t context_id = 0;
  ul::AcceptedContext context;
  Command command;
};

// Reads a whole command set of at most command_bytes_max; nullopt when the peer asks for release.
// Errors as Association::next; what cannot be a message has been aborted.
Result<std::optional<Request>> read_request(ul::Association& association,
                                            uint32_t command_bytes_max);

// Hands the dataset that follows to `take`, as it comes. An error of `take` ends the reading and is
// answered; the association can then only be aborted.
Status read_dataset(ul::Association& association, uint8_t context_id,
                    const std::function<Status(ByteView)>& take);

// Sends a dataset in P-DATA-TF PDUs, in constant memory.
Status write_dataset(ul::Association& association, uint8_t context_id, ByteSource& dataset);

}  // namespace medarc::dicom::dimse

// What all services share when we are their user (PS3.7): a request on its way out, its answers.
// Everything here blocks; errors end the association, which the caller then drops.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "dicom/dimse/message.h"
#include "index/attributes.h"

namespace medarc::dicom::dimse {

// An accepted context for this class; nullopt: the peer takes none.
std::optional<uint8_t> context_of(const ul::Agreement& agreement, std::string_view sop_class);

// With `dataset`, unless it is empty.
Status send_request(ul::Association& association, uint8_t context_id, Command command,
                    ByteView dataset = {});

// The dataset that follows a message, whole; too_large (aborted) above bytes_max.
Result<Bytes> read_whole_dataset(ul::Association& association, const Request& message,
                                 uint64_t bytes_max);

// The next message, which must be of `field` and answer `message_id`; anything else is aborted.
Result<Request> read_answer(ul::Association& association, uint16_t field, uint16_t message_id,
                            const Limits& limits);

// C-ECHO; answers the status. unsupported: the peer takes no verification.
Result<uint16_t> echo(ul::Association& association, const Limits& limits);

// C-FIND: every match to `take`, as it came. Answers the final status, with the peer's comment.
struct FindEnd {
  uint16_t status = 0;
  std::string comment;
};
Result<FindEnd> find(ul::Association& association, const Limits& limits, std::string_view sop_class,
                     const std::vector<index::Attribute>& keys,
                     const std::function<Status(ByteView dataset, std::string_view syntax)>& take);

}  // namespace medarc::dicom::dimse

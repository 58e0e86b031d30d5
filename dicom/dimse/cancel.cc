#include "dicom/dimse/cancel.h"

namespace medarc::dicom::dimse {
namespace {

constexpr uint32_t kCancelBytesMax = 16u << 10;

}  // namespace

Result<std::optional<Bytes>> read_identifier_bytes(ul::Association& association,
                                                   const Request& request, const Limits& limits) {
  Bytes out;
  bool over = false;
  if (!request.command.has_dataset()) return std::optional<Bytes>(Bytes());
  uint64_t bytes = 0;
  MEDARC_TRY(read_dataset(association, request.context_id, [&](ByteView piece) -> Status {
    bytes += piece.size();
    if (bytes > limits.object_bytes_max) {
      association.abort(2, ul::kAbortNoReason);
      return make_error(Code::too_large, "an identifier without end");
    }
    over = over || bytes > limits.identifier_bytes_max;
    if (!over) out.append(piece);
    return {};
  }));
  if (over) return std::optional<Bytes>();
  return std::optional<Bytes>(std::move(out));
}

Result<bool> cancel_came(ul::Association& association, const Request& request,
                         std::optional<Request>& next) {
  while (!next && association.more_waiting()) {
    MEDARC_ASSIGN(std::optional<Request> came, read_request(association, kCancelBytesMax));
    if (!came) {
      // Release before the last response: the peer does not want the rest.
      (void)association.answer_release();
      return make_error(Code::cancelled, "released inside an operation");
    }
    if (came->command.field != kCancelRq) {
      next = std::move(came);
    } else if (came->command.message_id_responded_to == request.command.message_id) {
      return true;
    }
  }
  return false;
}

}  // namespace medarc::dicom::dimse

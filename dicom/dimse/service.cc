#include "dicom/dimse/service.h"

#include "base/metrics.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {
namespace {

// The dataset of a request that is not served.
Status drop_dataset(ul::Association& association, const Request& request, uint64_t bytes_max) {
  if (!request.command.has_dataset()) return {};
  uint64_t dropped_bytes = 0;
  return read_dataset(association, request.context_id, [&](ByteView bytes) -> Status {
    dropped_bytes += bytes.size();
    if (dropped_bytes <= bytes_max) return {};
    association.abort(2, ul::kAbortNoReason);
    return make_error(Code::too_large, "dataset of a refused request over object_bytes_max");
  });
}

Status answer(ul::Association& association, const Request& request, uint16_t status,
              std::string comment = {}) {
  Bytes pdus;
  ul::append_p_data(pdus, request.context_id, true,
                    encode(response_to(request.command, status, std::move(comment))),
                    association.agreement().peer_pdu_bytes_max);
  return association.send(pdus);
}

Status serve_echo(ul::Association& association, const Request& request) {
  static Counter& echoes = counter("medarc_dimse_echoes_total", "C-ECHO requests answered.");
  echoes.add();
  const std::string& sop_class = request.command.sop_class;
  const bool right = sop_class.empty() || sop_class == kVerificationSopClass;
  return answer(association, request, right ? kSuccess : kSopClassUnsupported);
}

// Everything but C-STORE.
Status serve_other(ul::Association& association, const Request& request, const Limits& limits) {
  if (request.command.field == kCancelRq) return {};  // what it names has been answered already
  if (request.command.is_response()) {
    association.abort(2, ul::kAbortUnexpectedPdu);
    return make_error(Code::invalid_argument, "a response to nothing");
  }
  MEDARC_TRY(drop_dataset(association, request, limits.object_bytes_max));
  if (request.command.field == kEchoRq) return serve_echo(association, request);
  return answer(association, request, kUnrecognisedOperation, "only C-ECHO and C-STORE are served");
}

Status serve_until_end(ul::Association& association, StoreScp& store, const Limits& limits) {
  for (;;) {
    if (!store.empty() && (store.full() || association.draining() || !association.more_waiting())) {
      MEDARC_TRY(store.answer());
    }
    MEDARC_ASSIGN(const std::optional<Request> request,
                  read_request(association, limits.command_bytes_max));
    if (request && request->command.field == kStoreRq) {
      MEDARC_TRY(store.receive(*request));
      continue;
    }
    MEDARC_TRY(store.answer());
    if (!request) return association.answer_release();
    MEDARC_TRY(serve_other(association, *request, limits));
  }
}

}  // namespace

Status serve(ul::Association& association, Imaging& imaging, const Principal& principal,
             const Limits& limits, bool warn_status) {
  StoreScp store(association, imaging, principal, limits, warn_status);
  Status ended = serve_until_end(association, store, limits);
  store.keep();
  return ended;
}

}  // namespace medarc::dicom::dimse

#include "dicom/dimse/service.h"

#include "base/metrics.h"
#include "dicom/completeness/noter.h"
#include "dicom/dimse/commitment_scp.h"
#include "dicom/dimse/find_scp.h"
#include "dicom/dimse/retrieve_scp.h"
#include "dicom/dimse/worklist_scp.h"
#include "dicom/dimse_status.h"
#include "dicom/senders/quirks.h"
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

// All requests of one association, one after the other.
class Service {
 public:
  Service(ul::Association& association, Imaging& imaging, const Principal& principal,
          const Limits& limits, const ServiceOptions& options)
      : association_(association),
        imaging_(imaging),
        principal_(principal),
        limits_(limits),
        options_(options),
        store_(association, imaging, principal, limits, options.warn_status),
        commitment_(association, options.commitments, principal, limits, options.aet) {}

  Status run() {
    Status ended = run_until_end();
    store_.keep();
    if (options_.study_notes != nullptr) {
      options_.study_notes->association_ended(principal_.id, store_.stored(), ended.has_value());
    }
    return ended;
  }

 private:
  Status run_until_end() {
    for (;;) {
      const bool waiting = next_ || association_.more_waiting();
      if (!store_.empty() && (store_.full() || association_.draining() || !waiting)) {
        MEDARC_TRY(store_.answer());
      }
      if (!waiting && commitment_.pending() && !association_.draining()) {
        MEDARC_TRY(commitment_.step());
        continue;
      }
      std::optional<Request> request = std::exchange(next_, std::nullopt);
      if (!request) {
        MEDARC_ASSIGN(request, read_request(association_, limits_.command_bytes_max));
      }
      if (request && request->command.field == kStoreRq) {
        MEDARC_TRY(store_.receive(*request));
        continue;
      }
      MEDARC_TRY(store_.answer());
      if (!request) return association_.answer_release();
      MEDARC_TRY(serve_other(*request));
    }
  }

  // Everything but C-STORE.
  Status serve_other(const Request& request) {
    const Command& command = request.command;
    if (command.field == kCancelRq) return {};  // what it names has been answered already
    if (command.field == (kEventReportRq | kResponseBit)) {
      MEDARC_TRY(drop_dataset(association_, request, limits_.object_bytes_max));
      return commitment_.answered(command);
    }
    if (options_.work_list != nullptr && is_worklist(request.context.abstract_syntax) &&
        is_worklist_request(command.field)) {
      return serve_worklist({association_, *options_.work_list, principal_, limits_}, request,
                            next_);
    }
    if (command.field == kActionRq && options_.commitments != nullptr) {
      return commitment_.receive(request);
    }
    if (command.field == kEventReportRq && options_.receiver != nullptr) {
      return serve_commitment_report(association_, calling(), *options_.receiver, principal_,
                                     limits_, request);
    }
    if (command.is_response()) {
      association_.abort(2, ul::kAbortUnexpectedPdu);
      return make_error(Code::invalid_argument, "a response to nothing");
    }
    if (command.field == kFindRq) {
      return serve_find(association_, imaging_, principal_, limits_, options_.aet, filed(), request,
                        next_);
    }
    if (command.field == kGetRq || command.field == kMoveRq) {
      return serve_retrieve(
          {association_, imaging_, principal_, limits_, options_.destinations, options_.signals,
           options_.aet, calling(), options_.lossy_to_peers, filed(), options_.suboperations_max},
          request, next_);
    }
    MEDARC_TRY(drop_dataset(association_, request, limits_.object_bytes_max));
    if (command.field == kEchoRq) return serve_echo(association_, request);
    return answer(association_, request, kUnrecognisedOperation, "this operation is not served");
  }

  FiledUid filed() const {
    if (options_.quirks == nullptr) return {};
    return
        [this](const std::string& uid) { return options_.quirks->filed_uid(principal_.id, uid); };
  }

  std::string calling() const {
    return std::string(ul::trim_title(association_.agreement().answer.fixed.calling));
  }

  ul::Association& association_;
  Imaging& imaging_;
  const Principal& principal_;
  const Limits limits_;
  const ServiceOptions& options_;
  StoreScp store_;
  CommitmentScp commitment_;
  std::optional<Request> next_;  // came while another operation ran
};

}  // namespace

Status serve(ul::Association& association, Imaging& imaging, const Principal& principal,
             const Limits& limits, const ServiceOptions& options) {
  return Service(association, imaging, principal, limits, options).run();
}

}  // namespace medarc::dicom::dimse

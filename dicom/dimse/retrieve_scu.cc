#include "dicom/dimse/retrieve_scu.h"

#include "dicom/dimse/identifier.h"
#include "dicom/dimse/store_scp.h"
#include "dicom/dimse_status.h"

namespace medarc::dicom::dimse {
namespace {

constexpr uint16_t kMessageId = 1;

class Retrieving {
 public:
  Retrieving(ul::Association& association, const Limits& limits, uint16_t field,
             const RetrieveRequest& request, const RetrieveProgress& progress)
      : association_(association),
        limits_(limits),
        field_(field),
        request_(request),
        progress_(progress) {}

  // `store` takes the objects of a C-GET.
  Result<RetrieveEnd> run(StoreScp* store) {
    MEDARC_TRY(begin());
    for (;;) {
      MEDARC_ASSIGN(std::optional<Request> came,
                    read_request(association_, limits_.command_bytes_max));
      if (!came) {
        (void)association_.answer_release();
        return make_error(Code::cancelled, "the peer released before the end");
      }
      if (store != nullptr && came->command.field == kStoreRq) {
        MEDARC_TRY(store->receive(*came));
        if (store->full() || !association_.more_waiting()) MEDARC_TRY(store->answer());
        ++received_;
        MEDARC_TRY(report());
        continue;
      }
      if (came->command.field != (field_ | kResponseBit) ||
          came->command.message_id_responded_to != kMessageId || !came->command.status) {
        association_.abort(2, ul::kAbortUnexpectedPdu);
        return make_error(Code::invalid_argument, "the peer answered something else");
      }
      if (store != nullptr) MEDARC_TRY(store->answer());
      MEDARC_ASSIGN(const Bytes dataset,
                    read_whole_dataset(association_, *came, limits_.identifier_bytes_max));
      const Command& answer = came->command;
      if (answer.suboperations) counts_ = *answer.suboperations;
      if (*answer.status == kPending) {
        MEDARC_TRY(report());
        continue;
      }
      RetrieveEnd end{*answer.status, answer.error_comment, counts_, {}};
      if (!dataset.empty()) {
        auto named = read_identifier(dataset, came->context.transfer_syntax, limits_);
        if (named.has_value()) end.failed = named->values(kFailedInstances);
      }
      return end;
    }
  }

 private:
  Status begin() {
    const auto context = context_of(association_.agreement(), request_.sop_class);
    if (!context) return make_error(Code::unsupported, "the peer takes no such retrieval");
    context_id_ = *context;
    Command command;
    command.field = field_;
    command.message_id = kMessageId;
    command.sop_class = request_.sop_class;
    command.move_destination = request_.destination;
    const std::string& syntax = association_.agreement().contexts.at(*context).transfer_syntax;
    return send_request(association_, *context, command,
                        write_identifier(request_.keys, {}, syntax));
  }

  Status report() {
    Suboperations now = counts_;
    if (received_ > now.completed) now.completed = static_cast<uint16_t>(received_);
    if (progress_(now) || cancelled_) return {};
    cancelled_ = true;
    Command cancel;
    cancel.field = kCancelRq;
    cancel.message_id_responded_to = kMessageId;
    return send_request(association_, context_id_, cancel);
  }

  ul::Association& association_;
  const Limits& limits_;
  const uint16_t field_;
  const RetrieveRequest& request_;
  const RetrieveProgress& progress_;
  uint8_t context_id_ = 0;
  Suboperations counts_;
  uint32_t received_ = 0;
  bool cancelled_ = false;
};

}  // namespace

Result<RetrieveEnd> move(ul::Association& association, const Limits& limits,
                         const RetrieveRequest& request, const RetrieveProgress& progress) {
  return Retrieving(association, limits, kMoveRq, request, progress).run(nullptr);
}

Result<RetrieveEnd> get(ul::Association& association, Imaging& imaging, const Principal& principal,
                        const Limits& limits, const RetrieveRequest& request,
                        const RetrieveProgress& progress) {
  StoreScp store(association, imaging, principal, limits, false);
  auto end = Retrieving(association, limits, kGetRq, request, progress).run(&store);
  if (end.has_error()) store.keep();
  return end;
}

}  // namespace medarc::dicom::dimse

#include "dicom/dimse/user.h"

#include "dicom/dimse/identifier.h"
#include "dicom/dimse_status.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::dimse {

std::optional<uint8_t> context_of(const ul::Agreement& agreement, std::string_view sop_class) {
  for (const auto& [id, context] : agreement.contexts) {
    if (context.abstract_syntax == sop_class) return id;
  }
  return std::nullopt;
}

Status send_request(ul::Association& association, uint8_t context_id, Command command,
                    ByteView dataset) {
  command.dataset_type = dataset.empty() ? kNoDataset : kDataset;
  const uint32_t bytes_max = association.agreement().peer_pdu_bytes_max;
  Bytes pdus;
  ul::append_p_data(pdus, context_id, true, encode(command), bytes_max);
  if (!dataset.empty()) ul::append_p_data(pdus, context_id, false, dataset, bytes_max);
  return association.send(pdus);
}

Result<Bytes> read_whole_dataset(ul::Association& association, const Request& message,
                                 uint64_t bytes_max) {
  Bytes out;
  if (!message.command.has_dataset()) return out;
  MEDARC_TRY(read_dataset(association, message.context_id, [&](ByteView piece) -> Status {
    if (out.size() + piece.size() > bytes_max) {
      association.abort(2, ul::kAbortNoReason);
      return make_error(Code::too_large, "the peer's answer is over identifier_bytes_max");
    }
    out.append(piece);
    return {};
  }));
  return out;
}

Result<Request> read_answer(ul::Association& association, uint16_t field, uint16_t message_id,
                            const Limits& limits) {
  MEDARC_ASSIGN(std::optional<Request> came, read_request(association, limits.command_bytes_max));
  if (!came) {
    (void)association.answer_release();
    return make_error(Code::cancelled, "the peer released before its answer");
  }
  if (came->command.field != field || came->command.message_id_responded_to != message_id ||
      !came->command.status) {
    association.abort(2, ul::kAbortUnexpectedPdu);
    return make_error(Code::invalid_argument, "the peer answered something else");
  }
  return std::move(*came);
}

Result<uint16_t> echo(ul::Association& association, const Limits& limits) {
  const auto context = context_of(association.agreement(), kVerificationSopClass);
  if (!context) return make_error(Code::unsupported, "the peer takes no C-ECHO");
  Command request;
  request.field = kEchoRq;
  request.message_id = uint16_t{1};
  request.sop_class = kVerificationSopClass;
  MEDARC_TRY(send_request(association, *context, request));
  MEDARC_ASSIGN(const Request answer, read_answer(association, kEchoRq | kResponseBit, 1, limits));
  return *answer.command.status;
}

Result<FindEnd> find(ul::Association& association, const Limits& limits, std::string_view sop_class,
                     const std::vector<index::Attribute>& keys,
                     const std::function<Status(ByteView, std::string_view)>& take) {
  const auto context = context_of(association.agreement(), sop_class);
  if (!context) return make_error(Code::unsupported, "the peer takes no C-FIND of this model");
  const std::string& syntax = association.agreement().contexts.at(*context).transfer_syntax;
  Command request;
  request.field = kFindRq;
  request.message_id = uint16_t{1};
  request.sop_class = sop_class;
  MEDARC_TRY(send_request(association, *context, request, write_identifier(keys, {}, syntax)));
  for (;;) {
    MEDARC_ASSIGN(const Request answer,
                  read_answer(association, kFindRq | kResponseBit, 1, limits));
    MEDARC_ASSIGN(const Bytes dataset,
                  read_whole_dataset(association, answer, limits.identifier_bytes_max));
    const uint16_t status = *answer.command.status;
    if (status != kPending && status != kPendingUnsupportedKeys) {
      return FindEnd{status, answer.command.error_comment};
    }
    MEDARC_TRY(take(dataset, syntax));
  }
}

}  // namespace medarc::dicom::dimse

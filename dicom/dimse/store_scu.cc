#include "dicom/dimse/store_scu.h"

#include <algorithm>

#include "dicom/dimse_status.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom::dimse {
namespace {

constexpr uint32_t kCommandBytesMax = 16u << 10;

bool peer_provides(const ul::Agreement& agreement, std::string_view sop_class) {
  const auto& roles = agreement.answer.user.roles;
  return std::any_of(roles.begin(), roles.end(), [&](const ul::RoleSelection& role) {
    return role.sop_class == sop_class && role.scp == 1;
  });
}

Result<uint16_t> answer(ul::Association& association, uint16_t message_id,
                        std::vector<uint16_t>* cancelled) {
  for (;;) {
    MEDARC_ASSIGN(const std::optional<Request> came, read_request(association, kCommandBytesMax));
    if (!came) {
      (void)association.answer_release();
      return make_error(Code::cancelled, "released before the answer to a C-STORE");
    }
    const Command& command = came->command;
    if (command.field == kCancelRq && cancelled != nullptr) {
      cancelled->push_back(command.message_id_responded_to.value_or(0));
      continue;
    }
    if (command.field == (kStoreRq | kResponseBit) &&
        command.message_id_responded_to == message_id && command.status) {
      return *command.status;
    }
    association.abort(2, ul::kAbortUnexpectedPdu);
    return make_error(Code::invalid_argument, "something else than the answer to a C-STORE");
  }
}

}  // namespace

std::vector<ul::AcceptedContext> contexts_for(const StoredForms& stored) {
  StoredForms all = stored;
  for (const auto& [sop_class, syntax] : stored) {
    if (!transfer_syntax_or_default(syntax).encapsulated) {
      all.emplace(sop_class, std::string(kExplicitLittle));
    }
  }
  std::vector<ul::AcceptedContext> out;
  for (const auto& [sop_class, syntax] : all) out.push_back({sop_class, syntax});
  return out;
}

StoreScu::StoreScu(ul::Association& association, Imaging& imaging, const Principal& principal,
                   bool roles_wanted)
    : association_(association),
      imaging_(imaging),
      principal_(principal),
      roles_wanted_(roles_wanted) {}

std::optional<StoreScu::Choice> StoreScu::choose(const InstanceRow& row) const {
  const ul::Agreement& agreement = association_.agreement();
  if (roles_wanted_ && !peer_provides(agreement, row.sop_class.value)) return std::nullopt;
  const TransferSyntax stored = transfer_syntax_or_default(row.transfer_syntax.value);
  std::optional<Choice> out;
  for (const auto& [id, context] : agreement.contexts) {
    if (context.abstract_syntax != row.sop_class.value) continue;
    if (context.transfer_syntax == row.transfer_syntax.value) return Choice{id, Form::original};
    if (context.transfer_syntax == kExplicitLittle && !stored.encapsulated) {
      out = Choice{id, Form::explicit_le};
    }
  }
  return out;
}

Result<uint16_t> StoreScu::send(const InstanceRow& row,
                                const std::optional<Originator>& originator) {
  const auto choice = choose(row);
  if (!choice) return kSopClassUnsupported;
  auto content = imaging_.dataset(principal_, row, choice->form);
  if (content.has_error()) return store_status(content.error().code);
  return store(association_, {choice->context_id, row.sop_class.value, row.uid.value},
               ++last_message_id_, *content->source, originator, &cancelled_);
}

Result<uint16_t> store(ul::Association& association, const OutgoingObject& object,
                       uint16_t message_id, ByteSource& dataset,
                       const std::optional<Originator>& originator,
                       std::vector<uint16_t>* cancelled) {
  Command request;
  request.field = kStoreRq;
  request.message_id = message_id;
  request.dataset_type = kDataset;
  request.sop_class = object.sop_class;
  request.sop_instance = object.instance;
  if (originator) {
    request.move_originator = originator->aet;
    request.move_originator_id = originator->message_id;
  }
  Bytes pdus;
  ul::append_p_data(pdus, object.context_id, true, encode(request),
                    association.agreement().peer_pdu_bytes_max);
  MEDARC_TRY(association.send(pdus));
  if (Status sent = write_dataset(association, object.context_id, dataset); sent.has_error()) {
    association.abort(2, ul::kAbortNoReason);  // half a dataset cannot be taken back
    return sent.error();
  }
  return answer(association, message_id, cancelled);
}

bool StoreScu::cancelled(uint16_t message_id) const {
  return std::find(cancelled_.begin(), cancelled_.end(), message_id) != cancelled_.end();
}

}  // namespace medarc::dicom::dimse

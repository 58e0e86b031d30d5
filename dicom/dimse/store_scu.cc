#include "dicom/dimse/store_scu.h"

#include <algorithm>

#include "dicom/dimse_status.h"
#include "dicom/pixel/codec_pool.h"
#include "dicom/transfer_syntax.h"
#include "dicom/ul/requestor.h"

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

std::vector<ul::AcceptedContext> contexts_for(const StoredForms& stored, bool lossy_allowed) {
  std::vector<ul::AcceptedContext> out;
  StoredForms more;
  for (const auto& [sop_class, syntax] : stored) {
    out.push_back({sop_class, syntax});
    if (transfer_syntax_or_default(syntax).encapsulated && !can_decode(syntax)) continue;
    for (const std::string_view plain : {kExplicitLittle, kImplicitLittle}) {
      const std::pair form(sop_class, std::string(plain));
      if (!stored.contains(form)) more.insert(form);
    }
  }
  for (const auto& [sop_class, syntax] : more) {
    if (out.size() >= ul::kContextsMax) break;
    out.push_back({sop_class, syntax});
  }
  if (!lossy_allowed) return out;
  std::set<std::string> classes;
  for (const auto& [sop_class, syntax] : stored) classes.insert(sop_class);
  for (const std::string& sop_class : classes) {
    for (const TransferSyntax& syntax : transfer_syntaxes()) {
      if (!can_encode_lossy(syntax.uid) || stored.contains({sop_class, std::string(syntax.uid)})) {
        continue;
      }
      if (out.size() >= ul::kContextsMax) return out;
      out.push_back({sop_class, std::string(syntax.uid)});
    }
  }
  return out;
}

StoreScu::StoreScu(ul::Association& association, Imaging& imaging, const Principal& principal,
                   bool roles_wanted, bool lossy_allowed)
    : association_(association),
      imaging_(imaging),
      principal_(principal),
      roles_wanted_(roles_wanted),
      lossy_allowed_(lossy_allowed) {}

namespace {

// How good it is to send what is stored in `stored` in an accepted syntax; 0: it cannot be sent so.
// Something lossy is made only where configuration allows it and nothing else is accepted; what is
// stored goes before all (D3).
int worth(std::string_view accepted, std::string_view stored, bool lossy_allowed) {
  if (accepted == stored) return 5;
  if (accepted == kExplicitLittle) return 4;
  if (accepted == kImplicitLittle) return 3;
  if (Form::in(accepted)) return 2;
  return lossy_allowed && Form::lossy(accepted) ? 1 : 0;
}

}  // namespace

std::vector<StoreScu::Choice> StoreScu::choices(const InstanceRow& row) const {
  const ul::Agreement& agreement = association_.agreement();
  if (roles_wanted_ && !peer_provides(agreement, row.sop_class.value)) return {};
  const std::string& stored = row.transfer_syntax.value;
  std::vector<std::pair<int, Choice>> found;
  for (const auto& [id, context] : agreement.contexts) {
    if (context.abstract_syntax != row.sop_class.value) continue;
    const std::string& accepted = context.transfer_syntax;
    const int how_good = worth(accepted, stored, lossy_allowed_);
    if (how_good == 0) continue;
    const auto lossless = Form::in(accepted);
    const Form form = accepted == stored            ? Form::original
                      : accepted == kImplicitLittle ? Form::implicit_le
                      : lossless                    ? *lossless
                                                    : *Form::lossy(accepted);
    found.emplace_back(how_good, Choice{id, form});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<Choice> out;
  for (const auto& [how_good, choice] : found) out.push_back(choice);
  return out;
}

Result<uint16_t> StoreScu::send(const InstanceRow& row,
                                const std::optional<Originator>& originator) {
  std::optional<Choice> choice;
  Result<Content> content = make_error(Code::not_acceptable, "no presentation context");
  for (const Choice& one : choices(row)) {
    content = imaging_.dataset(principal_, row, one.form);
    choice = one;
    if (content.has_value() || content.error().code != Code::not_acceptable) break;
  }
  if (content.has_error() && content.error().code == Code::not_acceptable) {
    return kSopClassUnsupported;
  }
  if (content.has_error()) return store_status(content.error().code);
  const std::string& instance =
      content->instance.value.empty() ? row.uid.value : content->instance.value;
  return store(association_, {choice->context_id, row.sop_class.value, instance},
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

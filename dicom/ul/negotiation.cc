#include "dicom/ul/negotiation.h"

#include <algorithm>

#include "dicom/implementation.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::ul {
namespace {

constexpr std::string_view kImplicitVrLittleEndian = "1.2.840.10008.1.2";
constexpr std::string_view kExplicitVrLittleEndian = "1.2.840.10008.1.2.1";
constexpr uint32_t kSmallestPduBytes = kPdvHeaderBytes + 1;

bool offered(const AssociateRq& rq, std::string_view sop_class) {
  return std::any_of(rq.contexts.begin(), rq.contexts.end(),
                     [&](const ProposedContext& c) { return c.abstract_syntax == sop_class; });
}

AnsweredContext answer(const ProposedContext& proposed, const Policy& policy) {
  AnsweredContext out;
  out.id = proposed.id;
  if (!acceptable_sop_class(proposed.abstract_syntax, policy.private_sop_classes)) {
    out.result = ContextResult::abstract_syntax_unsupported;
    // The field has no meaning in a refusal, but some peers want a valid UID there.
    out.transfer_syntax = kImplicitVrLittleEndian;
    return out;
  }
  // Bytes are kept as they come, so any transfer syntax will do, and the first proposed one is the
  // one the sender holds the objects in. Only a sender that lists an empty UID is told no.
  const auto first =
      std::find_if(proposed.transfer_syntaxes.begin(), proposed.transfer_syntaxes.end(),
                   [](const std::string& ts) { return plausible_uid(ts); });
  if (first == proposed.transfer_syntaxes.end()) {
    out.result = ContextResult::transfer_syntaxes_unsupported;
    out.transfer_syntax = kImplicitVrLittleEndian;
    return out;
  }
  out.transfer_syntax = *first;
  return out;
}

uint16_t window(uint16_t proposed, uint32_t ours) {
  const auto limit = static_cast<uint16_t>(std::clamp<uint32_t>(ours, 1, UINT16_MAX));
  return proposed == 0 ? limit : std::min(proposed, limit);
}

UserInformation answer_user(const AssociateRq& rq, const Policy& policy) {
  UserInformation out;
  out.pdu_bytes_max = policy.pdu_bytes_max;
  out.implementation_class = kImplementationClassUid;
  out.implementation_version = kImplementationVersion;
  if (rq.user.window) {
    // We perform what the peer invokes, and invoke nothing ourselves.
    out.window = AsyncWindow{window(rq.user.window->invoked, policy.async_operations_max), 1};
  }
  for (const RoleSelection& role : rq.user.roles) {
    if (!offered(rq, role.sop_class)) continue;
    const uint8_t user = role.scu != 0 ? 1 : 0;
    out.roles.push_back({role.sop_class, user, 0});  // we are the provider, never the user
  }
  if (rq.user.identity && rq.user.identity->response_wanted) out.identity_response = Bytes();
  return out;
}

}  // namespace

std::optional<AssociateRj> refusal(const AssociateRq& rq, const Policy& policy) {
  if ((rq.fixed.protocol_version & 1) == 0) return AssociateRj{1, 2, 2};
  if (rq.application_context != kApplicationContext) return AssociateRj{1, 1, 2};
  if (!policy.any_called_aet && trim_title(rq.fixed.called) != policy.aet) {
    return AssociateRj{1, 1, 7};
  }
  const uint32_t pdu_bytes_max = rq.user.pdu_bytes_max.value_or(0);
  if (pdu_bytes_max != 0 && pdu_bytes_max < kSmallestPduBytes) return AssociateRj{1, 2, 1};
  return std::nullopt;
}

Result<Agreement> agree(const AssociateRq& rq, const Policy& policy) {
  Agreement out;
  out.answer.fixed = rq.fixed;
  out.answer.fixed.protocol_version = 1;
  out.answer.user = answer_user(rq, policy);
  out.peer_pdu_bytes_max = rq.user.pdu_bytes_max.value_or(0);
  if (out.answer.user.window) out.operations_max = out.answer.user.window->invoked;

  std::map<uint8_t, bool> seen;
  for (const ProposedContext& proposed : rq.contexts) {
    if (!seen.emplace(proposed.id, true).second) {
      return make_error(Code::invalid_argument, "presentation context id used twice");
    }
    AnsweredContext answered = answer(proposed, policy);
    if (answered.result == ContextResult::accepted) {
      out.contexts[proposed.id] = {proposed.abstract_syntax, answered.transfer_syntax};
    }
    out.answer.contexts.push_back(std::move(answered));
  }
  return out;
}

}  // namespace medarc::dicom::ul

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

// Identifiers are written by us, so for them only encodings that we write will do; of those the
// explicit one is best.
const std::string* query_syntax(const ProposedContext& proposed) {
  for (const std::string_view wanted : {kExplicitVrLittleEndian, kImplicitVrLittleEndian,
                                        std::string_view("1.2.840.10008.1.2.2")}) {
    for (const std::string& syntax : proposed.transfer_syntaxes) {
      if (syntax == wanted) return &syntax;
    }
  }
  return nullptr;
}

AnsweredContext answer(const ProposedContext& proposed, const Policy& policy) {
  AnsweredContext out;
  out.id = proposed.id;
  const bool commitment = kind_of(proposed.abstract_syntax) == SopClassKind::commitment;
  const bool worklist = kind_of(proposed.abstract_syntax) == SopClassKind::worklist;
  const bool other = !commitment && proposed.abstract_syntax != kVerificationSopClass;
  if ((policy.reports_only && other) ||
      !acceptable_sop_class(proposed.abstract_syntax, policy.private_sop_classes) ||
      (commitment && !policy.commitment) || (worklist && !policy.worklist)) {
    out.result = ContextResult::abstract_syntax_unsupported;
    // The field has no meaning in a refusal, but some peers want a valid UID there.
    out.transfer_syntax = kImplicitVrLittleEndian;
    return out;
  }
  if (commitment || worklist || query_model_of(proposed.abstract_syntax)) {
    const std::string* syntax = query_syntax(proposed);
    out.result = syntax ? ContextResult::accepted : ContextResult::transfer_syntaxes_unsupported;
    out.transfer_syntax = syntax ? *syntax : std::string(kImplicitVrLittleEndian);
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

// PS3.4 C.5.1.1.1 and C.5.2, C.5.3: which bytes of a request we say yes to.
Bytes answer_extended(std::string_view sop_class, const Bytes& asked) {
  const auto model = query_model_of(sop_class);
  // Relational, combined date and time, fuzzy names, time zone, multi-frame conversion, empty
  // values, multiple values.
  constexpr char kFind[] = {1, 1, 1, 1, 0, 1, 1};
  Bytes out(asked.size(), '\0');
  for (size_t i = 0; model && i < asked.size(); ++i) {
    const bool able =
        model->service == Retrieval::find ? i < sizeof kFind && kFind[i] == 1 : i == 0;
    out[i] = able && asked[i] == 1 ? 1 : 0;
  }
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
    // For C-GET the peer takes objects on this association, and who brings the report that we asked
    // for calls as the provider (PS3.4 J.3.3); else we are the provider alone.
    const SopClassKind kind = kind_of(role.sop_class);
    const bool may_provide = kind == SopClassKind::storage ||
                             kind == SopClassKind::storage_unknown ||
                             (kind == SopClassKind::commitment && policy.commitment);
    out.roles.push_back(
        {role.sop_class, user, static_cast<uint8_t>(may_provide && role.scp != 0 ? 1 : 0)});
  }
  for (const ExtendedNegotiation& e : rq.user.extended) {
    if (!query_model_of(e.sop_class) || !offered(rq, e.sop_class)) continue;
    out.extended.push_back({e.sop_class, answer_extended(e.sop_class, e.information)});
  }
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

bool agreed(const Agreement& agreement, std::string_view sop_class, size_t index) {
  for (const ExtendedNegotiation& e : agreement.answer.user.extended) {
    if (e.sop_class == sop_class) return index < e.information.size() && e.information[index] == 1;
  }
  return false;
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

#include <algorithm>

#include "dicom/ul/pdu.h"
#include "dicom/ul/pdu_items.h"

namespace medarc::dicom::ul {
namespace {

void put16(Bytes& out, size_t v) {
  out += static_cast<char>(v >> 8);
  out += static_cast<char>(v);
}
void put32(Bytes& out, size_t v) {
  put16(out, v >> 16);
  put16(out, v);
}
void put_counted(Bytes& out, ByteView v) {
  put16(out, v.size());
  out.append(v);
}
void put_item(Bytes& out, uint8_t type, ByteView value) {
  out += static_cast<char>(type);
  out += '\0';
  put_counted(out, value);
}

Bytes pdu(PduType type, ByteView body) {
  Bytes out;
  out.reserve(kPduHeaderBytes + body.size());
  out += static_cast<char>(type);
  out += '\0';
  put32(out, body.size());
  out.append(body);
  return out;
}

void put_fixed(Bytes& out, const AssociateFixed& fixed) {
  put16(out, fixed.protocol_version);
  put16(out, 0);
  for (const std::string* title : {&fixed.called, &fixed.calling}) {
    const size_t length = std::min(title->size(), kTitleBytes);
    out.append(*title, 0, length);
    out.append(kTitleBytes - length, ' ');
  }
  const size_t length = std::min(fixed.reserved.size(), kReservedBytes);
  out.append(fixed.reserved, 0, length);
  out.append(kReservedBytes - length, '\0');
}

void put_context(Bytes& out, const ProposedContext& context) {
  Bytes value;
  value += static_cast<char>(context.id);
  value.append(3, '\0');
  put_item(value, abstract_syntax_item, context.abstract_syntax);
  for (const std::string& ts : context.transfer_syntaxes) put_item(value, transfer_syntax_item, ts);
  put_item(out, proposed_context_item, value);
}

void put_context(Bytes& out, const AnsweredContext& context) {
  Bytes value;
  value += static_cast<char>(context.id);
  value += '\0';
  value += static_cast<char>(context.result);
  value += '\0';
  put_item(value, transfer_syntax_item, context.transfer_syntax);
  put_item(out, answered_context_item, value);
}

void put_negotiations(Bytes& out, const UserInformation& user) {
  for (const RoleSelection& role : user.roles) {
    Bytes value;
    put_counted(value, role.sop_class);
    value += static_cast<char>(role.scu);
    value += static_cast<char>(role.scp);
    put_item(out, role_item, value);
  }
  for (const ExtendedNegotiation& extended : user.extended) {
    Bytes value;
    put_counted(value, extended.sop_class);
    value += extended.information;
    put_item(out, extended_item, value);
  }
  for (const CommonExtendedNegotiation& common : user.common_extended) {
    Bytes value, related;
    put_counted(value, common.sop_class);
    put_counted(value, common.service_class);
    for (const std::string& general : common.related_general_classes) put_counted(related, general);
    put_counted(value, related);
    put_item(out, common_extended_item, value);
  }
}

void put_user(Bytes& out, const UserInformation& user) {
  Bytes value;
  if (user.pdu_bytes_max) {
    Bytes bytes_max;
    put32(bytes_max, *user.pdu_bytes_max);
    put_item(value, pdu_bytes_item, bytes_max);
  }
  if (!user.implementation_class.empty()) {
    put_item(value, implementation_class_item, user.implementation_class);
  }
  if (user.window) {
    Bytes window;
    put16(window, user.window->invoked);
    put16(window, user.window->performed);
    put_item(value, window_item, window);
  }
  if (!user.implementation_version.empty()) {
    put_item(value, implementation_version_item, user.implementation_version);
  }
  put_negotiations(value, user);
  if (user.identity) {
    Bytes identity;
    identity += static_cast<char>(user.identity->type);
    identity += user.identity->response_wanted ? '\1' : '\0';
    put_counted(identity, user.identity->primary);
    put_counted(identity, user.identity->secondary);
    put_item(value, identity_item, identity);
  }
  if (user.identity_response) {
    Bytes response;
    put_counted(response, *user.identity_response);
    put_item(value, identity_response_item, response);
  }
  put_item(out, user_information_item, value);
}

template <class Pdu>
Bytes associate(PduType type, const Pdu& p) {
  Bytes body;
  put_fixed(body, p.fixed);
  put_item(body, application_context_item, p.application_context);
  for (const auto& context : p.contexts) put_context(body, context);
  put_user(body, p.user);
  return pdu(type, body);
}

}  // namespace

Bytes encode(const AssociateRq& rq) { return associate(PduType::associate_rq, rq); }
Bytes encode(const AssociateAc& ac) { return associate(PduType::associate_ac, ac); }

Bytes encode(const AssociateRj& rj) {
  const char body[4] = {0, static_cast<char>(rj.result), static_cast<char>(rj.source),
                        static_cast<char>(rj.reason)};
  return pdu(PduType::associate_rj, {body, sizeof body});
}

Bytes encode(const Abort& abort) {
  const char body[4] = {0, 0, static_cast<char>(abort.source), static_cast<char>(abort.reason)};
  return pdu(PduType::abort, {body, sizeof body});
}

Bytes encode_release_rq() { return pdu(PduType::release_rq, Bytes(4, '\0')); }
Bytes encode_release_rp() { return pdu(PduType::release_rp, Bytes(4, '\0')); }

void append_p_data(Bytes& out, uint8_t context_id, bool command, ByteView message,
                   uint32_t peer_pdu_bytes_max, bool ends) {
  // Whole and, where the peer's maximum leaves a choice, even fragments (PS3.8 annex E).
  size_t step = message.size();
  if (peer_pdu_bytes_max != 0) {
    const size_t room = std::max<size_t>(peer_pdu_bytes_max, kPdvHeaderBytes + 1) - kPdvHeaderBytes;
    if (step > room) step = room > 1 ? room & ~size_t{1} : room;
  }
  do {
    const ByteView fragment = message.substr(0, step);
    message.remove_prefix(fragment.size());
    out += static_cast<char>(PduType::p_data_tf);
    out += '\0';
    put32(out, kPdvHeaderBytes + fragment.size());
    put32(out, 2 + fragment.size());
    out += static_cast<char>(context_id);
    out += static_cast<char>((command ? 1 : 0) | (message.empty() && ends ? 2 : 0));
    out.append(fragment);
  } while (!message.empty());
}

}  // namespace medarc::dicom::ul

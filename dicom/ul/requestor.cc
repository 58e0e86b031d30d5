#include "dicom/ul/requestor.h"

#include <fmt/format.h>

#include <algorithm>

#include "dicom/implementation.h"

namespace medarc::dicom::ul {
namespace {

Status read_exactly(Channel& channel, Bytes& out, size_t bytes, const Limits& limits,
                    const Signal& stop) {
  out.resize(bytes);
  for (size_t n = 0; n < bytes;) {
    MEDARC_ASSIGN(const size_t got,
                  channel.read_some(out.data() + n, bytes - n, limits.pdu_timeout_ms, stop));
    if (got == 0) return make_error(Code::cancelled, "closed by the peer");
    n += got;
  }
  return {};
}

AssociateRq request_of(const Call& to, const Limits& limits) {
  AssociateRq rq;
  rq.fixed.called = to.called;
  rq.fixed.calling = to.calling;
  for (size_t i = 0; i < std::min(to.contexts.size(), kContextsMax); ++i) {
    rq.contexts.push_back({static_cast<uint8_t>(2 * i + 1),
                           to.contexts[i].abstract_syntax,
                           {to.contexts[i].transfer_syntax}});
  }
  rq.user.pdu_bytes_max = limits.pdu_bytes_max;
  rq.user.roles = to.roles;
  rq.user.identity = to.identity;
  rq.user.implementation_class = kImplementationClassUid;
  rq.user.implementation_version = kImplementationVersion;
  return rq;
}

Agreement agreement_of(const AssociateRq& rq, AssociateAc ac) {
  Agreement out;
  for (const AnsweredContext& answered : ac.contexts) {
    if (answered.result != ContextResult::accepted) continue;
    for (const ProposedContext& proposed : rq.contexts) {
      // An acceptor that names another syntax than the one proposed has not understood.
      if (proposed.id == answered.id && proposed.transfer_syntaxes[0] == answered.transfer_syntax) {
        out.contexts[proposed.id] = {proposed.abstract_syntax, answered.transfer_syntax};
      }
    }
  }
  out.peer_pdu_bytes_max = ac.user.pdu_bytes_max.value_or(0);
  out.answer = std::move(ac);
  return out;
}

}  // namespace

Result<std::unique_ptr<Association>> call(const Call& to, const Limits& limits,
                                          const StopSignals& signals) {
  Connection connection;
  MEDARC_ASSIGN(Descriptor socket,
                connect_to(to.host, to.port, limits.artim_timeout_ms, signals.kill));
  tune(socket);
  connection.channel = Channel(std::move(socket), to.tls, to.tls_name);
  connection.peer = to.host;
  const AssociateRq rq = request_of(to, limits);
  MEDARC_TRY(connection.channel.write_all(encode(rq), limits.artim_timeout_ms, signals.kill));
  Bytes header, body;
  MEDARC_TRY(read_exactly(connection.channel, header, kPduHeaderBytes, limits, signals.kill));
  const PduHeader pdu = parse_pdu_header(header.data());
  if (pdu.length > limits.first_pdu_bytes_max) {
    return make_error(Code::invalid_argument,
                      "the answer to A-ASSOCIATE-RQ is over first_pdu_bytes_max");
  }
  MEDARC_TRY(read_exactly(connection.channel, body, pdu.length, limits, signals.kill));
  switch (static_cast<PduType>(pdu.type)) {
    case PduType::associate_ac: {
      MEDARC_ASSIGN(AssociateAc ac, parse_associate_ac(body));
      const bool confirmed =
          !to.identity || !to.identity->response_wanted || ac.user.identity_response.has_value();
      auto out = std::make_unique<Association>(std::move(connection),
                                               agreement_of(rq, std::move(ac)), limits, signals);
      if (!confirmed) {
        out->abort(0, kAbortNoReason);
        return make_error(Code::permission_denied, "the peer does not confirm who we are");
      }
      return out;
    }
    case PduType::associate_rj: {
      MEDARC_ASSIGN(const AssociateRj rj, parse_associate_rj(body));
      return make_error(Code::permission_denied,
                        fmt::format("the association was rejected: result {}, source {}, reason {}",
                                    rj.result, rj.source, rj.reason));
    }
    case PduType::abort: return make_error(Code::cancelled, "aborted by the peer");
    default: return make_error(Code::invalid_argument, "no answer to A-ASSOCIATE-RQ");
  }
}

}  // namespace medarc::dicom::ul

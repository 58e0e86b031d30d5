#include "dicom/dimse/call.h"

#include "dicom/transfer_syntax.h"
#include "security/secret_file.h"

namespace medarc::dicom::dimse {
namespace {

Result<ul::UserIdentity> identity_of(const OwnIdentity& own) {
  ul::UserIdentity out;
  out.response_wanted = own.confirmed;
  if (!own.token_file.empty()) {
    out.type = ul::kIdentityToken;
    MEDARC_ASSIGN(out.primary, security::read_secret(own.token_file));
    return out;
  }
  out.type = own.passcode_file.empty() ? ul::kIdentityName : ul::kIdentityPasscode;
  out.primary = own.user;
  if (!own.passcode_file.empty()) {
    MEDARC_ASSIGN(out.secondary, security::read_secret(own.passcode_file));
  }
  return out;
}

}  // namespace

Result<ul::Call> call_to(const Destination& to, const std::string& calling,
                         std::vector<ul::AcceptedContext> contexts,
                         std::vector<ul::RoleSelection> roles) {
  ul::Call out{to.host, to.port, to.aet, calling, std::move(contexts)};
  out.tls = to.tls;
  out.tls_name = to.tls_name;
  out.roles = std::move(roles);
  if (to.identity) {
    MEDARC_ASSIGN(out.identity, identity_of(*to.identity));
  }
  return out;
}

Result<std::unique_ptr<ul::Association>> call(const Destination& to, const std::string& calling,
                                              std::vector<ul::AcceptedContext> contexts,
                                              const Limits& limits, const ul::StopSignals& signals,
                                              std::vector<ul::RoleSelection> roles) {
  MEDARC_ASSIGN(const ul::Call wanted, call_to(to, calling, std::move(contexts), std::move(roles)));
  return ul::call(wanted, limits, signals);
}

std::vector<ul::AcceptedContext> dataset_contexts(std::string_view sop_class) {
  std::vector<ul::AcceptedContext> out;
  for (const std::string_view syntax : {kExplicitLittle, kImplicitLittle}) {
    out.push_back({std::string(sop_class), std::string(syntax)});
  }
  return out;
}

}  // namespace medarc::dicom::dimse

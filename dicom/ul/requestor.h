// Associations that we open (PS3.8 7.1): to the peers of the configuration.
#pragma once

#include <memory>
#include <vector>

#include "dicom/ul/association.h"

namespace medarc::dicom::ul {

inline constexpr size_t kContextsMax = 128;  // of one association: odd ids (PS3.8 9.3.2.2)

// User Identity Types (PS3.7 table D.3-14) that we know; 3 is Kerberos, 4 SAML.
inline constexpr uint8_t kIdentityName = 1, kIdentityPasscode = 2, kIdentityToken = 5;

struct Call {
  std::string host;
  uint16_t port = 0;
  std::string called, calling;  // AE titles
  // One transfer syntax a context, so that the acceptor's choice is ours; at most kContextsMax.
  std::vector<AcceptedContext> contexts;
  std::shared_ptr<security::TlsContext> tls = nullptr;  // null: plain
  std::string tls_name = {};              // wanted of the certificate; "": any trusted one
  std::vector<RoleSelection> roles = {};  // proposed (PS3.7 D.3.3.4)
  // Who we say we are; with a response wanted, a peer that gives none is left again.
  std::optional<UserIdentity> identity = std::nullopt;
};

// Connects and negotiates; the association holds the contexts that were accepted, perhaps none.
// Errors: unavailable (no connection, or stopping), permission_denied (rejected, with source and
// reason, or by TLS; our identity was not confirmed), deadline, cancelled, invalid_argument (an
// answer that is none).
Result<std::unique_ptr<Association>> call(const Call& to, const Limits& limits,
                                          const StopSignals& signals);

}  // namespace medarc::dicom::ul

// What callers of either door are compared with: tokens, the issuers of signed ones, and the peers
// that may call. Read once from
// the configuration and shared by Authenticator and Identities, so that a peer that is added while
// the server runs is known to both.
#pragma once

#include <memory>

#include "security/guard.h"
#include "security/issuers.h"
#include "security/known_peers.h"
#include "security/tokens.h"

namespace medarc::security {

// Copies share what may change.
struct Credentials {
  TokenStore tokens;
  std::shared_ptr<const Issuers> issuers;  // null: none
  std::shared_ptr<KnownPeers> peers = std::make_shared<KnownPeers>();

  // `[[security.token]]`, `[[security.issuer]]` and `[[dicom.peer]]`. Errors name the table, never
  // a secret.
  static Result<Credentials> from(Config& config);
  // Whether there is anything that a token or an identity can be verified with.
  bool any() const { return !tokens.empty() || (issuers && !issuers->empty()); }
  // Who shows this: the value of an Authorization header ("Bearer …"), or a token alone, signed by
  // an issuer or one of ours. Door and peer are left to the caller. unauthenticated otherwise.
  Result<Principal> bearer(std::string_view authorization) const;
  Result<Principal> token(std::string_view token) const;
  // invalid_argument: the peer must show an identity, and there is nothing to verify it with.
  Status check(const Peer& peer) const;
};

// As Authenticator::create, with credentials that are shared.
std::unique_ptr<Authenticator> make_authenticator(Credentials credentials);

}  // namespace medarc::security

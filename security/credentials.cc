#include "security/credentials.h"

namespace medarc::security {

Result<Credentials> Credentials::from(Config& config) {
  Credentials out;
  MEDARC_ASSIGN(out.tokens, TokenStore::from(config.tables("security.token", kTokensMeaning)));
  MEDARC_ASSIGN(out.issuers, Issuers::from(config));
  MEDARC_ASSIGN(std::vector<Peer> peers, parse_peers(config.tables("dicom.peer", kPeersMeaning)));
  for (const Peer& peer : peers) MEDARC_TRY(out.check(peer));
  out.peers = std::make_shared<KnownPeers>(std::move(peers));
  return out;
}

Result<Principal> Credentials::bearer(std::string_view authorization) const {
  MEDARC_ASSIGN(const std::string_view shown, bearer_token(authorization));
  return token(shown);
}

Result<Principal> Credentials::token(std::string_view token) const {
  if (issuers && issuers->takes(token)) return issuers->verify(token, now());
  return tokens.find(token);
}

Status Credentials::check(const Peer& peer) const {
  if (peer.identity == PeerIdentity::asked || any()) return {};
  return make_error(
      Code::invalid_argument,
      "dicom.peer " + peer.aet +
          ": identity is compared with [[security.token]] and [[security.issuer]], and "
          "there is none");
}

}  // namespace medarc::security

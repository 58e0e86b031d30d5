#include <algorithm>

#include "security/guard.h"
#include "security/peers.h"
#include "security/policy.h"
#include "security/tokens.h"

namespace medarc::security {
namespace {

class ConfiguredAuthenticator final : public Authenticator {
 public:
  ConfiguredAuthenticator(TokenStore tokens, std::vector<Peer> peers)
      : tokens_(std::move(tokens)), peers_(std::move(peers)) {}

  Result<Principal> http(std::string_view authorization, const std::string& peer) override {
    Principal who;
    if (!tokens_.empty()) {
      MEDARC_ASSIGN(who, tokens_.find(authorization));
    } else if (is_loopback(peer)) {
      who.id = "local";
      who.roles = every_role();
    } else {
      return make_error(Code::unauthenticated,
                        "no token is configured, so only this machine itself is let in");
    }
    who.door = "http";
    who.peer = address_of(peer);
    return who;
  }

  Result<Principal> association(const Caller& caller) override {
    Principal who;
    who.door = "dimse";
    who.peer = address_of(caller.address);
    who.id = "ae:" + caller.aet;
    if (peers_.empty()) {
      if (!is_loopback(caller.address)) {
        return make_error(Code::unauthenticated,
                          "no peer is configured, so only this machine itself is let in");
      }
      who.roles = {Role::modality, Role::technologist};
      return who;
    }
    for (const Peer& known : peers_) {
      if (known.aet != caller.aet) continue;
      if (!known.addresses.empty() && !known.addresses.contains(who.peer)) break;
      if (!known.certificate.empty() && !caller.certificate_names.contains(known.certificate)) {
        return make_error(Code::unauthenticated, "the peer needs its TLS certificate");
      }
      who.roles = known.roles;
      return who;
    }
    return make_error(Code::unauthenticated, "the calling AE title is not that of a known peer");
  }

  bool known_peer(const Caller& caller) const override {
    const std::string address = address_of(caller.address);
    return std::any_of(peers_.begin(), peers_.end(), [&](const Peer& p) {
      return p.aet == caller.aet || p.addresses.contains(address);
    });
  }

  bool tokens_configured() const override { return !tokens_.empty(); }
  bool peers_configured() const override { return !peers_.empty(); }

 private:
  TokenStore tokens_;
  const std::vector<Peer> peers_;
};

}  // namespace

Result<std::unique_ptr<Authenticator>> Authenticator::create(Config& config) {
  MEDARC_ASSIGN(TokenStore tokens,
                TokenStore::from(config.tables("security.token", kTokensMeaning)));
  MEDARC_ASSIGN(std::vector<Peer> peers, parse_peers(config.tables("dicom.peer", kPeersMeaning)));
  return std::unique_ptr<Authenticator>(
      std::make_unique<ConfiguredAuthenticator>(std::move(tokens), std::move(peers)));
}

}  // namespace medarc::security

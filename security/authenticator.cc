#include "security/credentials.h"
#include "security/guard.h"
#include "security/policy.h"

namespace medarc::security {
namespace {

class ConfiguredAuthenticator final : public Authenticator {
 public:
  explicit ConfiguredAuthenticator(Credentials known) : known_(std::move(known)) {}

  Result<Principal> http(std::string_view authorization, const std::string& peer) override {
    Principal who;
    if (known_.any()) {
      MEDARC_ASSIGN(who, known_.bearer(authorization));
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
    if (known_.peers->empty()) {
      if (!is_loopback(caller.address)) {
        return make_error(Code::unauthenticated,
                          "no peer is configured, so only this machine itself is let in");
      }
      who.roles = {Role::modality, Role::technologist};
      return who;
    }
    const std::shared_ptr<const Peer> peer = known_.peers->find(caller.aet);
    if (peer == nullptr || (!peer->addresses.empty() && !peer->addresses.contains(who.peer))) {
      return make_error(Code::unauthenticated, "the calling AE title is not that of a known peer");
    }
    if (!peer->certificate.empty() && !caller.certificate_names.contains(peer->certificate)) {
      return make_error(Code::unauthenticated, "the peer needs its TLS certificate");
    }
    who.roles = peer->roles;
    return who;
  }

  bool known_peer(const Caller& caller) const override {
    return known_.peers->knows(caller.aet, address_of(caller.address));
  }

  bool tokens_configured() const override { return known_.any(); }
  bool peers_configured() const override { return !known_.peers->empty(); }

 private:
  const Credentials known_;
};

}  // namespace

std::unique_ptr<Authenticator> make_authenticator(Credentials credentials) {
  return std::make_unique<ConfiguredAuthenticator>(std::move(credentials));
}

Result<std::unique_ptr<Authenticator>> Authenticator::create(Config& config) {
  MEDARC_ASSIGN(Credentials credentials, Credentials::from(config));
  return make_authenticator(std::move(credentials));
}

}  // namespace medarc::security

#include "security/identity.h"

#include <algorithm>

#include "security/credentials.h"

namespace medarc::security {
namespace {

constexpr std::string_view kAe = "ae:", kAtAe = "@ae:";
constexpr uint64_t kIdentityBytesMax = 8192;

using Kind = ShownIdentity::Kind;

class ConfiguredIdentities final : public Identities {
 public:
  ConfiguredIdentities(Credentials known, uint64_t bytes_max)
      : known_(std::move(known)), bytes_max_(bytes_max) {}

  Result<Identified> identify(const Principal& caller, std::string_view aet,
                              const std::optional<ShownIdentity>& shown) override {
    if (shown && std::max(shown->primary.size(), shown->secondary.size()) > bytes_max_) {
      return make_error(Code::too_large, "a user identity over identity_bytes_max");
    }
    const std::shared_ptr<const Peer> peer = known_.peers->find(aet);
    if (peer == nullptr && !known_.peers->empty()) {
      return make_error(Code::unauthenticated, "the peer has just been taken away");
    }
    const PeerIdentity rule = peer == nullptr ? PeerIdentity::asked : peer->identity;
    Result<Principal> who = make_error(Code::unauthenticated, "a user identity is needed");
    bool proves = false;
    if (shown && known_.any()) {
      proves = shown->kind == Kind::name_and_passcode || shown->kind == Kind::token;
      if (shown->kind == Kind::name_and_passcode) {
        who = known_.tokens.find_named(shown->primary, shown->secondary);
      } else if (shown->kind == Kind::token) {
        who = known_.token(shown->primary);
      } else if (shown->kind == Kind::name && rule == PeerIdentity::trusted) {
        who = known_.tokens.named(shown->primary);
      }
    }
    if (who.has_error()) {
      if (proves || rule != PeerIdentity::asked) return who.error();
      return Identified{caller, false};
    }
    Identified out{std::move(*who), true};
    out.principal.id += std::string(kAtAe) + std::string(aet);
    out.principal.door = caller.door;
    out.principal.peer = caller.peer;
    return out;
  }

 private:
  const Credentials known_;
  const uint64_t bytes_max_;
};

}  // namespace

std::unique_ptr<Identities> Identities::create(Config& config, Credentials credentials) {
  const uint64_t bytes_max =
      config.size("dicom.identity_bytes_max", kIdentityBytesMax,
                  "One field of the user identity that a caller shows.", 1, 64u << 10);
  return std::make_unique<ConfiguredIdentities>(std::move(credentials), bytes_max);
}

Result<std::unique_ptr<Identities>> Identities::create(Config& config) {
  MEDARC_ASSIGN(Credentials credentials, Credentials::from(config));
  return create(config, std::move(credentials));
}

std::string_view calling_aet(const Principal& principal) {
  const std::string_view id = principal.id;
  if (principal.door != "dimse") return {};
  if (id.starts_with(kAe)) return id.substr(kAe.size());
  const size_t at = id.rfind(kAtAe);
  return at == std::string_view::npos ? std::string_view() : id.substr(at + kAtAe.size());
}

}  // namespace medarc::security

#include "security/identity.h"

#include <algorithm>
#include <vector>

#include "security/peers.h"
#include "security/tokens.h"

namespace medarc::security {
namespace {

constexpr std::string_view kAe = "ae:", kAtAe = "@ae:";
constexpr uint64_t kIdentityBytesMax = 8192;

using Kind = ShownIdentity::Kind;

class ConfiguredIdentities final : public Identities {
 public:
  ConfiguredIdentities(TokenStore tokens, std::vector<Peer> peers, uint64_t bytes_max)
      : tokens_(std::move(tokens)), peers_(std::move(peers)), bytes_max_(bytes_max) {}

  Result<Identified> identify(const Principal& caller, std::string_view aet,
                              const std::optional<ShownIdentity>& shown) override {
    if (shown && std::max(shown->primary.size(), shown->secondary.size()) > bytes_max_) {
      return make_error(Code::too_large, "a user identity over identity_bytes_max");
    }
    const auto peer =
        std::find_if(peers_.begin(), peers_.end(), [&](const Peer& p) { return p.aet == aet; });
    const PeerIdentity rule = peer == peers_.end() ? PeerIdentity::asked : peer->identity;
    Result<Principal> who = make_error(Code::unauthenticated, "a user identity is needed");
    bool proves = false;
    if (shown && !tokens_.empty()) {
      proves = shown->kind == Kind::name_and_passcode || shown->kind == Kind::token;
      if (shown->kind == Kind::name_and_passcode) {
        who = tokens_.find_named(shown->primary, shown->secondary);
      } else if (shown->kind == Kind::token) {
        who = tokens_.find("Bearer " + std::string(shown->primary));
      } else if (shown->kind == Kind::name && rule == PeerIdentity::trusted) {
        who = tokens_.named(shown->primary);
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
  const TokenStore tokens_;
  const std::vector<Peer> peers_;
  const uint64_t bytes_max_;
};

}  // namespace

Result<std::unique_ptr<Identities>> Identities::create(Config& config) {
  MEDARC_ASSIGN(TokenStore tokens,
                TokenStore::from(config.tables("security.token", kTokensMeaning)));
  MEDARC_ASSIGN(std::vector<Peer> peers, parse_peers(config.tables("dicom.peer", kPeersMeaning)));
  for (const Peer& peer : peers) {
    if (peer.identity != PeerIdentity::asked && tokens.empty()) {
      return make_error(Code::invalid_argument,
                        "dicom.peer " + peer.aet +
                            ": identity is compared with [[security.token]], and there is none");
    }
  }
  const uint64_t bytes_max =
      config.size("dicom.identity_bytes_max", kIdentityBytesMax,
                  "One field of the user identity that a caller shows.", 1, 64u << 10);
  return std::unique_ptr<Identities>(
      std::make_unique<ConfiguredIdentities>(std::move(tokens), std::move(peers), bytes_max));
}

std::string_view calling_aet(const Principal& principal) {
  const std::string_view id = principal.id;
  if (principal.door != "dimse") return {};
  if (id.starts_with(kAe)) return id.substr(kAe.size());
  const size_t at = id.rfind(kAtAe);
  return at == std::string_view::npos ? std::string_view() : id.substr(at + kAtAe.size());
}

}  // namespace medarc::security

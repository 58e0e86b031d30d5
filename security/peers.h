// The DICOM peers of the configuration, and what an address is.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/config.h"
#include "security/principal.h"

namespace medarc::security {

inline constexpr std::string_view kPeersMeaning =
    "Known DICOM applications: aet, host, port, role, certificate, identity, and how we call it "
    "(commit, tls, user).";

// What a peer must show of its users (identity.h).
enum class PeerIdentity { asked, required, trusted };

struct Peer {
  std::string aet;
  std::set<std::string> addresses;  // numeric; empty: from anywhere
  std::string certificate;          // name its TLS certificate must bear; "": none is wanted
  std::set<Role> roles;
  PeerIdentity identity = PeerIdentity::asked;
};

// An address as sockets print it, without port, brackets or the IPv4-in-IPv6 prefix:
// "[::ffff:10.0.0.7]:104" gives "10.0.0.7".
std::string address_of(std::string_view peer);
bool is_loopback(std::string_view peer);

// `[[dicom.peer]]`: aet (1 to 16 characters), host (address or name; names are resolved once,
// here), port (for C-MOVE, read by the DICOM door), role (default "modality"),
// certificate (a common or DNS name), identity ("asked", "required", "trusted"). What it says of
// our calling it is read by dicom/destinations.h.
Result<std::vector<Peer>> parse_peers(const std::vector<Config::Table>& tables);

}  // namespace medarc::security

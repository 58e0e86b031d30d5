// The DICOM peers of the configuration, and what an address is.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/config.h"
#include "security/principal.h"

namespace medarc::security {

inline constexpr std::string_view kPeersMeaning =
    "Known DICOM applications: aet, host, port, role, certificate, identity, what it gets "
    "(transfer_syntaxes, associations_max, suboperations_max), and how we call it (commit, tls, "
    "user).";

// What a peer must show of its users (identity.h).
enum class PeerIdentity { asked, required, trusted };

struct Peer {
  std::string aet;
  std::set<std::string> addresses;  // numeric; empty: from anywhere
  std::string certificate;          // name its TLS certificate must bear; "": none is wanted
  std::set<Role> roles;
  PeerIdentity identity = PeerIdentity::asked;
  std::vector<std::string> transfer_syntaxes;  // preferred of those it proposes, best first
  uint32_t associations_max = 0;               // of its AE title at a time; 0: no limit of its own
  uint32_t suboperations_max = 0;              // instances of one C-MOVE or C-GET of it; likewise
};

// An address as sockets print it, without port, brackets or the IPv4-in-IPv6 prefix:
// "[::ffff:10.0.0.7]:104" gives "10.0.0.7".
std::string address_of(std::string_view peer);
bool is_loopback(std::string_view peer);

// One table of `[[dicom.peer]]`: aet (1 to 16 characters), host (address or name; names are
// resolved once, here, which may take a while), port (for C-MOVE, read by the DICOM door), role
// (default "modality"), certificate (a common or DNS name), identity ("asked", "required",
// "trusted"), transfer_syntaxes (UIDs with commas between: the first of them that it proposes for
// objects is taken, rather than the first that it proposes), associations_max, suboperations_max (1
// to 65535; within those of all). What it says of our calling it is read by dicom/destinations.h.
// invalid_argument: an unknown key, or a value that will not do.
Result<Peer> parse_peer(const Config::Table& table);

// All of them; each AE title once.
Result<std::vector<Peer>> parse_peers(const std::vector<Config::Table>& tables);

}  // namespace medarc::security

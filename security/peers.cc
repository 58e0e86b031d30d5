#include "security/peers.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/log.h"
#include "security/tokens.h"

namespace medarc::security {
namespace {

constexpr size_t kAetBytesMax = 16, kUidBytesMax = 64;  // PS3.5 6.2, AE and UI
constexpr uint32_t kLimitMax = 65535;

// Those that are read here and those of dicom/destinations.h.
constexpr std::array<std::string_view, 19> kPeerKeys = {"aet",
                                                        "host",
                                                        "port",
                                                        "role",
                                                        "certificate",
                                                        "identity",
                                                        "transfer_syntaxes",
                                                        "associations_max",
                                                        "suboperations_max",
                                                        "commit",
                                                        "tls",
                                                        "tls_authorities",
                                                        "tls_certificate",
                                                        "tls_key",
                                                        "tls_host_check",
                                                        "user",
                                                        "passcode_file",
                                                        "token_file",
                                                        "user_confirmed"};

std::set<std::string> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return {};
  std::set<std::string> out;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (getnameinfo(a->ai_addr, a->ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      out.insert(address_of(text.data()));
    }
  }
  freeaddrinfo(list);
  return out;
}

bool is_aet(const std::string& aet) {
  return !aet.empty() && aet.size() <= kAetBytesMax && aet.front() != ' ' && aet.back() != ' ' &&
         std::all_of(aet.begin(), aet.end(),
                     [](char c) { return c >= ' ' && c < 0x7F && c != '\\'; });
}

Status read_limit(const Config::Table& table, const char* key, const std::string& where,
                  uint32_t& out) {
  const auto found = table.find(key);
  if (found == table.end()) return {};
  const std::string& text = found->second;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed == std::errc() && end == text.data() + text.size() && out >= 1 && out <= kLimitMax) {
    return {};
  }
  return make_error(Code::invalid_argument,
                    where + ": " + key + " is a number from 1 to " + std::to_string(kLimitMax));
}

Status read_syntaxes(std::string_view text, const std::string& where,
                     std::vector<std::string>& out) {
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view uid = text.substr(0, comma);
    while (uid.starts_with(' ')) uid.remove_prefix(1);
    while (uid.ends_with(' ')) uid.remove_suffix(1);
    const bool right = !uid.empty() && uid.size() <= kUidBytesMax &&
                       std::all_of(uid.begin(), uid.end(),
                                   [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
    if (!right) {
      return make_error(Code::invalid_argument,
                        where + ": transfer_syntaxes are UIDs with commas between");
    }
    out.emplace_back(uid);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return {};
}

}  // namespace

std::string address_of(std::string_view peer) {
  if (peer.starts_with('[')) {
    peer = peer.substr(1, peer.find(']') - 1);
  } else if (std::count(peer.begin(), peer.end(), ':') == 1) {
    peer = peer.substr(0, peer.find(':'));
  }
  constexpr std::string_view kMapped = "::ffff:";
  if (peer.starts_with(kMapped) && peer.find('.') != std::string_view::npos) {
    peer.remove_prefix(kMapped.size());
  }
  return std::string(peer.substr(0, peer.find('%')));
}

bool is_loopback(std::string_view peer) {
  const std::string address = address_of(peer);
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<Peer> parse_peer(const Config::Table& table) {
  const auto text = [&](const std::string& key, const std::string& fallback) {
    const auto found = table.find(key);
    return found == table.end() ? fallback : found->second;
  };
  Peer peer;
  peer.aet = text("aet", "");
  if (!is_aet(peer.aet)) {
    return make_error(Code::invalid_argument,
                      "dicom.peer: aet must be 1 to 16 printable characters");
  }
  const std::string where = "dicom.peer " + peer.aet;
  for (const auto& [key, value] : table) {
    if (std::find(kPeerKeys.begin(), kPeerKeys.end(), key) == kPeerKeys.end()) {
      return make_error(Code::invalid_argument, where + ": no such key: " + key);
    }
  }
  if (const std::string host = text("host", ""); !host.empty()) {
    peer.addresses = resolve(host);
    if (peer.addresses.empty()) {
      return make_error(Code::invalid_argument,
                        where + ": host cannot be resolved; give its address");
    }
  }
  peer.certificate = text("certificate", "");
  MEDARC_ASSIGN(peer.roles, parse_roles(text("role", "modality"), where));
  const std::string identity = text("identity", "asked");
  if (identity == "required") {
    peer.identity = PeerIdentity::required;
  } else if (identity == "trusted") {
    peer.identity = PeerIdentity::trusted;
  } else if (identity != "asked") {
    return make_error(Code::invalid_argument, where + ": identity is asked, required or trusted");
  }
  MEDARC_TRY(read_limit(table, "associations_max", where, peer.associations_max));
  MEDARC_TRY(read_limit(table, "suboperations_max", where, peer.suboperations_max));
  MEDARC_TRY(read_syntaxes(text("transfer_syntaxes", ""), where, peer.transfer_syntaxes));
  return peer;
}

Result<std::vector<Peer>> parse_peers(const std::vector<Config::Table>& tables) {
  std::vector<Peer> out;
  std::set<std::string> titles;
  for (const Config::Table& table : tables) {
    MEDARC_ASSIGN(Peer peer, parse_peer(table));
    if (!titles.insert(peer.aet).second) {
      return make_error(Code::invalid_argument,
                        "dicom.peer " + peer.aet + ": the aet is given twice");
    }
    out.push_back(std::move(peer));
  }
  return out;
}

}  // namespace medarc::security

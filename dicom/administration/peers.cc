// Peers: read as the configuration's, and in force for both doors of DICOM at once.
#include <chrono>

#include "dicom/administration/administration.h"
#include "dicom/dimse/call.h"
#include "dicom/dimse/user.h"
#include "dicom/sop_class.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom {
namespace {

Error wrong(const std::string& aet, const std::string& what) {
  return make_error(Code::invalid_argument, "dicom.peer " + aet + ": " + what);
}

// Names of files become paths below the directory that is for them.
Status place_files(Config::Table& table, const std::string& aet, const std::string& directory) {
  for (const char* key :
       {"tls_authorities", "tls_certificate", "tls_key", "passcode_file", "token_file"}) {
    const auto found = table.find(key);
    if (found == table.end() || found->second.empty()) continue;
    const std::string& name = found->second;
    if (directory.empty()) {
      return wrong(aet, std::string(key) + ": administration.files_directory is not configured");
    }
    const bool plain = name.find('/') == std::string::npos && name != "." && name != "..";
    if (!plain) {
      return wrong(aet, std::string(key) + " is the name of a file in files_directory");
    }
    found->second = directory + "/" + name;
  }
  return {};
}

}  // namespace

std::vector<AdministeredEntry> AdministeredPeers::configured() const {
  std::vector<AdministeredEntry> out;
  for (const Config::Table& table : options().peers) {
    AdministeredEntry entry;
    if (const auto aet = table.find("aet"); aet != table.end()) entry.name = aet->second;
    entry.table = table;
    out.push_back(std::move(entry));
  }
  return out;
}

Status AdministeredPeers::name_it(const std::string& name, Config::Table& table) const {
  const auto aet = table.emplace("aet", name).first;
  if (aet->second == name) return {};
  return make_error(Code::invalid_argument, "aet is another than that of the address");
}

Result<Administered::Enforce> AdministeredPeers::read(const std::string& name,
                                                      const Config::Table& table) {
  Config::Table placed = table;
  MEDARC_TRY(place_files(placed, name, options().files_directory));
  MEDARC_ASSIGN(security::Peer peer, security::parse_peer(placed));
  MEDARC_TRY(parts_.credentials.check(peer));
  MEDARC_ASSIGN(const std::shared_ptr<const Destination> to, parts_.destinations.read(placed));
  if (parts_.web.find(name) != nullptr) {
    return make_error(Code::conflict, "a [[dicom.web_destination]] is called so");
  }
  if (to == nullptr) MEDARC_TRY(may_remove(name));
  return Enforce([this, name, peer = std::move(peer), to] {
    if (to != nullptr) {
      parts_.destinations.put(to);
    } else {
      parts_.destinations.remove(name);
    }
    parts_.credentials.peers->put(peer);
  });
}

// Who has no port, or is no more, can be sent nothing.
Status AdministeredPeers::may_remove(const std::string& name) const {
  const auto rule = parts_.routes.sending_to(name);
  if (!rule) return {};
  return make_error(Code::conflict, "the routing rule " + *rule + " sends to it");
}

void AdministeredPeers::withdraw(const std::string& name) {
  parts_.destinations.remove(name);
  parts_.credentials.peers->remove(name);
}

void AdministeredPeers::stop() {
  signals_.drain.raise();
  signals_.kill.raise();
}

Result<EchoAnswer> AdministeredPeers::echo(const Principal& who, const std::string& aet) {
  MEDARC_TRY(guard().admit(who, security::Action::administer, object_of(aet, "echo")));
  const auto entry = find(aet);
  if (!entry) return make_error(Code::not_found, "no such peer");
  if (!entry->problem.empty()) {
    return make_error(Code::conflict, "the peer is not in force: " + entry->problem);
  }
  const auto to = parts_.destinations.find(aet);
  if (to == nullptr) return make_error(Code::conflict, "the peer has no port: it is not called");
  struct Counted {
    std::atomic<uint32_t>& count;
    const uint32_t now = ++count;
    ~Counted() { --count; }
  } const counted{echoes_};
  if (counted.now > options().echoes_max) {
    return make_error(Code::unavailable, "administration.echoes_max tests are under way");
  }
  Limits limits = parts_.limits;
  for (uint32_t* timeout :
       {&limits.artim_timeout_ms, &limits.pdu_timeout_ms, &limits.idle_timeout_ms}) {
    *timeout = options().echo_timeout_ms;
  }
  const auto began = std::chrono::steady_clock::now();
  EchoAnswer out;
  auto association = dimse::call(
      *to, parts_.aet, {{std::string(kVerificationSopClass), std::string(kImplicitLittle)}}, limits,
      signals_);
  if (association.has_error()) {
    out.problem = association.error().text;
  } else if (const auto status = dimse::echo(**association, limits); status.has_error()) {
    out.problem = status.error().text;
  } else {
    out.answered = true;
    out.status = *status;
    (void)(*association)->release();
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return out;
}

}  // namespace medarc::dicom

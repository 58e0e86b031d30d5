// What administrators add to the configuration while the server runs: DICOM peers and routing rules
// (administered.h). A peer may call, and be called, from the moment it is put; associations that
// run go on as they began.
#pragma once

#include <atomic>
#include <memory>

#include "dicom/administration/administered.h"
#include "dicom/limits.h"
#include "dicom/routes.h"
#include "dicom/ul/association.h"
#include "security/credentials.h"

namespace medarc::dicom {

// What the peers and rules come into force in; the doors hold copies of the same.
struct AdministeredParts {
  security::Credentials credentials;
  Destinations destinations;
  WebDestinations web;
  Routes routes;
  std::string aet;  // our own
  Limits limits;
};

// What came of a C-ECHO.
struct EchoAnswer {
  bool answered = false;  // with `status`; otherwise `problem` says how far it came
  uint16_t status = 0;
  std::string problem;
  double seconds = 0;
};

class AdministeredPeers final : public Administered {
 public:
  AdministeredPeers(Shared& shared, AdministeredParts& parts)
      : Administered(shared, "peer"), parts_(parts) {}
  // Opens an association to the peer, over TLS and with our identity where its table says so, and
  // sends a C-ECHO. not_found; conflict: it has no port, or is not in force; unavailable:
  // echoes_max are under way. Blocks, for up to echo_timeout_ms at each step.
  Result<EchoAnswer> echo(const Principal& who, const std::string& aet);
  void stop();  // echoes end

 private:
  std::vector<AdministeredEntry> configured() const override;
  Status name_it(const std::string& name, Config::Table& table) const override;
  Result<Enforce> read(const std::string& name, const Config::Table& table) override;
  Status may_remove(const std::string& name) const override;
  void withdraw(const std::string& name) override;

  AdministeredParts& parts_;
  std::atomic<uint32_t> echoes_{0};
  ul::StopSignals signals_;
};

// Rules are named by who makes them, with 1 to 64 letters, digits, "-", "_" and "."; those of the
// file are called configured_rule_name().
class AdministeredRules final : public Administered {
 public:
  AdministeredRules(Shared& shared, AdministeredParts& parts)
      : Administered(shared, "route"), parts_(parts) {}

 private:
  std::vector<AdministeredEntry> configured() const override;
  Status name_it(const std::string& name, Config::Table& table) const override;
  Result<Enforce> read(const std::string& name, const Config::Table& table) override;
  Status may_remove(const std::string&) const override { return {}; }
  void withdraw(const std::string& name) override;

  AdministeredParts& parts_;
};

// Thread-safe.
class Administration {
 public:
  // Puts into force what the archive holds. Errors are those of reading the index.
  static Result<std::unique_ptr<Administration>> open(index::Index& index, security::Guard& guard,
                                                      AdministeredParts parts,
                                                      AdministrationOptions options);
  AdministeredPeers& peers() { return peers_; }
  AdministeredRules& rules() { return rules_; }
  void stop() { peers_.stop(); }

 private:
  Administration(index::Index& index, security::Guard& guard, AdministeredParts parts,
                 AdministrationOptions options);
  Administered::Shared shared_;
  AdministeredParts parts_;
  AdministeredPeers peers_;
  AdministeredRules rules_;
};

}  // namespace medarc::dicom

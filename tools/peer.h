// Other DICOM applications from the command line: "PEER", an AE title of a [[dicom.peer]] with a
// port, or "AET@HOST:PORT".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dicom/ul/requestor.h"
#include "tools/settings.h"
#include "tools/verb.h"

namespace medarc::tools {

// Options of every verb that calls a peer.
struct PeerOptions {
  Common common;
  std::string peer;
  std::string aet;  // our own; empty: dicom.aet

  void add_to(CLI::App& verb);
};

// invalid_argument: neither form; not_found: no such peer, or it has no port.
Result<dicom::Destination> destination_of(const std::string& peer,
                                          const dicom::Destinations& known);

// Calls a peer and holds what the association needs. Not thread-safe.
class PeerCall {
 public:
  static Result<std::unique_ptr<PeerCall>> open(const PeerOptions& options,
                                                const Settings& settings);
  // Opens an association with these contexts, after releasing the one before.
  Status call(std::vector<dicom::ul::AcceptedContext> contexts,
              std::vector<dicom::ul::RoleSelection> roles = {});
  void release();
  void drop() { association_.reset(); }  // one that is over already
  dicom::ul::Association& association() { return *association_; }
  const dicom::Limits& limits() const { return limits_; }
  const std::string& called() const { return to_.aet; }
  const std::string& calling() const { return aet_; }

 private:
  dicom::Destination to_;
  std::string aet_;
  dicom::Limits limits_;
  dicom::ul::StopSignals signals_;
  std::unique_ptr<dicom::ul::Association> association_;
};

// "PatientName=DOE*", "0008,0020=2026", "00100020=" as keys of an identifier; invalid_argument.
Result<index::Attribute> parse_key(const std::string& text);

// "A700 (out of resources …)": what the peer said, for people.
std::string status_text(uint16_t status, const std::string& comment);

}  // namespace medarc::tools

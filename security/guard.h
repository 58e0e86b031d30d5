// The one place where "may they?" and "it happened" are decided and kept: policy and audit.
//
// Writes: `authorise`, then put `audit_op` into the same commit as the facts. Reads and finds:
// `admit`, which authorises and makes the audit entry durable before the first byte leaves. Reads
// of one object by one principal are grouped: one entry opens a window (audit_window_ms), later
// reads inside it are counted and written when the window closes, so a viewer that fetches 300
// frames of a study pays one sync. Refusals are audited too.
//
// Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/config.h"
#include "index/index.h"
#include "security/principal.h"

namespace medarc::security {

enum class Action { store, read, find, remove, administer };
enum class Domain { images, genomes, records, audit, system, worklist };

struct Object {
  Domain domain = Domain::system;
  std::string name;    // "study/1.2.3", "file/abc", "patient/xyz", or a collection: "studies"
  std::string detail;  // for finds: the keys used, no values of identifying attributes
};

struct GuardOptions {
  uint64_t audit_window_ms = 300'000;
  uint32_t audit_groups_max = 100'000;  // open windows held in memory; the oldest closes early
  bool audit_reads_durable = true;      // false: reads are flushed within 200 ms instead (relaxed)
  static GuardOptions from(Config& config);  // section [security]
};

class Guard {
 public:
  static std::unique_ptr<Guard> create(index::Index& index, GuardOptions options);
  virtual ~Guard() = default;  // closes every window durably
  // permission_denied (audited) when no role of the principal allows it.
  virtual Status authorise(const Principal&, Action, const Object&) = 0;
  virtual index::Op audit_op(const Principal&, Action, const Object&) = 0;
  virtual Status admit(const Principal&, Action, const Object&) = 0;
  // Audits that something beside the policy refuses this principal (consent), and why: `object`'s
  // detail says it.
  virtual void refused(const Principal&, const Object& object) = 0;
};

// Who opens an association, as far as the wire tells.
struct Caller {
  std::string aet;                               // calling AE title
  std::string address;                           // numeric, a port may follow
  std::set<std::string> certificate_names = {};  // of a verified TLS certificate
};

// Turns credentials into principals.
class Authenticator {
 public:
  // Tokens from `[[security.token]]` tables: name, role (comma separated), sha256 (hex of the
  // token) or argon2 (encoded). Calling AE titles from `[[dicom.peer]]`: aet, host, role,
  // certificate (a name that its TLS certificate must bear; it is then admitted over TLS only).
  static Result<std::unique_ptr<Authenticator>> create(Config& config);
  virtual ~Authenticator() = default;
  // `authorization` is the header's value ("Bearer …"), empty when absent. Without any token
  // configured everybody on loopback is `local` with every role. unauthenticated otherwise.
  virtual Result<Principal> http(std::string_view authorization, const std::string& peer) = 0;
  // Without peers configured any calling AE on loopback is admitted as a modality that may also
  // query and retrieve.
  virtual Result<Principal> association(const Caller& caller) = 0;
  // True for an address or AE title of a configured peer: slots are kept for them.
  virtual bool known_peer(const Caller& caller) const = 0;
  virtual bool tokens_configured() const = 0;
  virtual bool peers_configured() const = 0;
};

}  // namespace medarc::security

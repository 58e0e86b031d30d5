// The DICOM applications that we may call: by AE title, from [[dicom.peer]], and those that an
// administrator adds while the server runs. What a peer's table may say of it (beside what
// security/peers.h reads of its calling us):
//
//   [[dicom.peer]]
//   aet = "PACS2"
//   host = "192.0.2.40"
//   port = 11112
//   commit = true                   # routed objects are delivered when it has promised to keep
//                                   # them
//   tls = true                      # called over TLS, with the files of [tls] unless it has its
//                                   # own:
//   tls_authorities = "/etc/…"      # who must have signed its certificate
//   tls_certificate = "/etc/…"      # ours, and its key
//   tls_key = "/etc/…"
//   certificate = "pacs2.example"   # a name its certificate must bear
//   tls_host_check = true           # or: its host must be a name of its certificate
//   user = "medarc"                 # who we say we are (PS3.7 D.3.3.7), alone, or with
//   passcode_file = "/etc/…"        #   a passcode
//   token_file = "/etc/…"           # or a JSON Web Token, without a user
//   user_confirmed = true           # no association unless it says that it knows us
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/config.h"
#include "base/result.h"
#include "security/tls.h"

namespace medarc::dicom {

// Who we say we are. Secrets are read when they are used.
struct OwnIdentity {
  std::string user, passcode_file,
      token_file;          // token_file alone, or user with or without passcode
  bool confirmed = false;  // a peer that does not confirm it is left again
};

struct Destination {
  std::string aet, host;
  uint16_t port = 0;
  std::shared_ptr<security::TlsContext> tls = nullptr;  // null: plain
  std::string tls_name = {};  // wanted of its certificate; "": any trusted one
  bool commit = false;
  std::optional<OwnIdentity> identity = std::nullopt;
};

// Copies share what they know. Thread-safe: a change counts for who asks next, and what was found
// stays as it was.
class Destinations {
 public:
  Destinations();  // nobody
  // Those of `[[dicom.peer]]` that have a port. invalid_argument: a port that is none, TLS files
  // that cannot be used, an identity that is none.
  static Result<Destinations> from(Config& config);
  // One table, with the files of [tls] where it has none of its own; null: it has no port.
  Result<std::shared_ptr<const Destination>> read(const Config::Table& table) const;
  std::shared_ptr<const Destination> find(const std::string& aet) const;  // null: not called
  void put(std::shared_ptr<const Destination> to);  // in place of the one of its AE title
  void remove(const std::string& aet);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace medarc::dicom

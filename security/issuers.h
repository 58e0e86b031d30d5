// Who signs the tokens of others (JSON Web Tokens, RFC 7519) that are believed here, by HTTP
// callers as bearer tokens and by DICOM callers as user identities of type 5 (PS3.7 D.3.3.7).
//
//   [[security.issuer]]
//   name = "hospital"                    # its users are principals "jwt:hospital:USER"
//   issuer = "https://login.example"     # the claim "iss", exactly; not given: the name
//   audience = "medarc"                  # must be in the claim "aud"
//   algorithms = "RS256, ES256, EdDSA"   # those that are taken; HS256 only with a secret_file
//   keys_file = "/etc/…"                 # JWK set, or public keys in PEM (verify_key.h)
//   secret_file = "/etc/…"               # of HS256, 32 bytes or more
//   user_claim = "sub"                   # who it is
//   role_claim = "realm_access.roles"    # where its roles are; points lead into objects
//   roles = "pacs-read=radiologist, pacs-admin=administrator"   # what these texts mean here
//   leeway_s = 60                        # by how much clocks may differ, 0 to 300
//   not_before = false                   # tokens need no claim "nbf" (they need "exp" always)
//
// A text that `roles` does not name gives no role; who has none is refused everything, by the
// guard. Files that change are read again within security.keys_check_ms; a new file that is wrong
// is reported, and the keys before it stay in use.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/config.h"
#include "security/principal.h"

namespace medarc::security {

inline constexpr std::string_view kIssuersMeaning =
    "Whose signed tokens (JWT) are believed: name, issuer, audience, algorithms, keys_file, "
    "secret_file, user_claim, role_claim, roles, leeway_s, not_before.";

// Thread-safe.
class Issuers {
 public:
  // invalid_argument: a table that will not do, or its files; it is named, never a secret.
  static Result<std::shared_ptr<const Issuers>> from(Config& config);
  virtual ~Issuers() = default;
  virtual bool empty() const = 0;
  // The principal of a token that an issuer has signed and that is good now; door and peer are left
  // to the caller. unauthenticated, with the reason and no part of the token: everything else.
  virtual Result<Principal> verify(std::string_view token, Timestamp now) const = 0;
  // Whether a token is for verify(); with issuers, one that looks so is never compared as opaque.
  virtual bool takes(std::string_view token) const = 0;

  static constexpr size_t kUserBytesMax = 128;
};

}  // namespace medarc::security

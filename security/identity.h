// Who a caller of the DICOM door is beside its AE title, by the user identity that it shows
// (PS3.7 D.3.3.7): verified with the tokens and issuers of the configuration.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/config.h"
#include "base/result.h"
#include "security/principal.h"

namespace medarc::security {

struct ShownIdentity {
  enum class Kind { name, name_and_passcode, token, other };  // other: Kerberos, SAML, unknown
  Kind kind = Kind::other;
  std::string_view primary, secondary;  // as they came; secrets: never log them
};

struct Identified {
  Principal principal;
  bool confirmed = false;  // the identity was verified; the caller may be told so
};

struct Credentials;  // credentials.h

// Thread-safe.
class Identities {
 public:
  // Reads `[[security.token]]`, `identity` of `[[dicom.peer]]`, and the limit
  // dicom.identity_bytes_max (one field of an identity; 8192). invalid_argument: an `identity` that
  // is none, or one is required and there is nothing to verify it with.
  static Result<std::unique_ptr<Identities>> create(Config& config);
  static std::unique_ptr<Identities> create(Config& config, Credentials credentials);
  virtual ~Identities() = default;

  // `caller`: as Authenticator::association admitted `aet`. A name with its token as passcode, or a
  // token alone, makes the caller the principal of that token, "token:NAME@ae:AET", or of its
  // issuer, "jwt:ISSUER:USER@ae:AET"; a wrong one is unauthenticated, as is a peer that has just
  // been taken away; too long a field is too_large. What the peer's `identity` says of callers that
  // show none, or a kind that proves nothing:
  //   "asked" (default)  they are the calling AE title
  //   "required"         unauthenticated
  //   "trusted"          as "required", but a name alone is believed: the peer knows its users
  // Without tokens and issuers nothing can be verified, and identities are passed over. Blocks:
  // argon2 is slow.
  virtual Result<Identified> identify(const Principal& caller, std::string_view aet,
                                      const std::optional<ShownIdentity>& shown) = 0;
};

// The calling AE title of a principal that came over an association; "" for others.
std::string_view calling_aet(const Principal& principal);

}  // namespace medarc::security

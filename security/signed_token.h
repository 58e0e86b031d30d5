// A JSON Web Token in the JWS compact form (RFC 7515 7.1, RFC 7519), taken apart, and its claims
// compared with what is wanted. Nothing here believes a claim: the signature is verified by
// issuers.h, before anything that the token says counts.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "security/verify_key.h"

namespace medarc::security {

struct SignedToken {
  std::optional<Algorithm> algorithm;  // nullopt: none that we know, "none" among them
  std::string key_id;                  // "kid"; "" when it has none
  boost::json::object claims;
  ByteView signed_text;  // of the text that was read
  Bytes signature;
};

// Whether it has the form of a signed token: three parts between two points. An opaque token that
// happens to look so cannot be used where issuers are configured.
bool looks_signed(std::string_view token);

// `token` outlives the answer. unauthenticated, without any part of it: it is not well-formed, or
// asks for an extension ("crit") or a type that we do not know. Keys that it brings along or points
// to (jwk, jku, x5c, x5u) are never looked at.
Result<SignedToken> read_token(std::string_view token);

struct WantedClaims {
  std::string issuer, audience;
  bool not_before = true;  // "nbf" must be there
  int64_t leeway_s = 60;   // clocks differ
};

// unauthenticated: another issuer or audience, "exp" missing or past, "nbf" missing or to come.
Status check_claims(const boost::json::object& claims, const WantedClaims& wanted, Timestamp now);

// The texts of a claim: of a text (parted by blanks, as "scope" is), or of a list of texts. `path`
// may lead into objects: "realm_access.roles". Empty: there are none.
std::vector<std::string> claim_texts(const boost::json::object& claims, std::string_view path);

}  // namespace medarc::security

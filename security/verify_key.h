// Public keys and secrets that signatures of JSON Web Tokens are verified with (RFC 7515, RFC 7518,
// RFC 8037). The kind of a key decides which algorithm it serves, never the token: a public key is
// not taken for a secret, whatever a token says of itself.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::security {

enum class Algorithm { rs256, es256, eddsa, hs256 };
std::optional<Algorithm> algorithm_of(std::string_view name);  // "RS256"; "none" is none of them
std::string_view to_string(Algorithm algorithm);

// Immutable and thread-safe. Copies share the key.
class VerifyKey {
 public:
  // RFC 7518 3.2: as long as the digest or longer. invalid_argument otherwise.
  static Result<VerifyKey> secret(Bytes secret);
  bool verifies(ByteView signed_text, ByteView signature) const;
  Algorithm algorithm() const { return algorithm_; }
  const std::string& id() const { return id_; }  // of a JWK; "" when it has none

 private:
  friend class KeyReader;
  Algorithm algorithm_ = Algorithm::hs256;
  std::string id_;
  std::shared_ptr<void> key_;  // EVP_PKEY
  Bytes secret_;
};

inline constexpr size_t kVerifyKeysMax = 64;
inline constexpr size_t kVerifyKeysBytesMax = 256u << 10;  // of the text they are read from
inline constexpr int kRsaBitsMin = 2048, kRsaBitsMax = 16384;

// A JWK set, one JWK, or public keys in PEM: RSA, EC P-256, Ed25519. Keys of a set that are for
// something else (another kind, "use" other than "sig") are passed over. invalid_argument: none is
// left, too many, a key that is damaged, or a private or secret one, which does not belong there.
Result<std::vector<VerifyKey>> read_verify_keys(ByteView text);

// Base64url without padding (RFC 7515 2); nullopt: it is none.
std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace medarc::security

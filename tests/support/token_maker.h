// Signed tokens as an issuer makes them (RFC 7515), with keys made for the test; and tokens that no
// issuer would make.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace medarc::test {

std::string base64url(std::string_view bytes);

class SigningKey {
 public:
  enum class Kind { rsa, weak_rsa, p256, p384, ed25519 };  // weak: 1024 bits
  explicit SigningKey(Kind kind);
  std::string pem() const;  // the public key
  std::string private_pem() const;
  // With members of its own behind: R"("kid":"a","use":"sig")".
  std::string jwk(const std::string& more = {}) const;
  // A signature by the kind's own algorithm, in the form of JWS.
  std::string sign(std::string_view text) const;

 private:
  const Kind kind_;
  std::shared_ptr<void> key_;
};

std::string hmac_sha256(std::string_view secret, std::string_view text);

// header.payload, ready to be signed; both are JSON texts.
std::string unsigned_token(std::string_view header, std::string_view claims);
// Signed by the key as `header` has it.
std::string signed_token(const SigningKey& key, std::string_view header, std::string_view claims);

}  // namespace medarc::test

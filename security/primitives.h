// What encrypted formats are built from, over OpenSSL: key agreement, authenticated encryption,
// derived secrets. A format (genomics/crypt4gh.h) says which bytes go where; nothing here knows
// one.
//
// Where OpenSSL fails for want of memory or randomness, which leaves nothing safe to answer, the
// process ends. Pure functions are thread-safe; a cipher is for one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace medarc::security {

inline constexpr size_t kKeyBytes = 32;
inline constexpr size_t kNonceBytes = 12;
inline constexpr size_t kTagBytes = 16;

// 32 bytes that nobody else may know: a secret key, a data key. Wiped when it goes away.
class Secret {
 public:
  Secret() = default;  // zeros
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret();
  static Secret random();
  static std::optional<Secret> from_view(ByteView bytes);  // exactly 32 bytes
  ByteView view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  uint8_t* data() { return bytes_.data(); }
  bool operator==(const Secret& other) const;  // takes the same time wherever they differ

 private:
  std::array<uint8_t, kKeyBytes> bytes_{};
};

// The half of an X25519 key that may be told.
struct PublicKey {
  std::array<uint8_t, kKeyBytes> value{};
  auto operator<=>(const PublicKey&) const = default;
  ByteView view() const { return {reinterpret_cast<const char*>(value.data()), value.size()}; }
  static std::optional<PublicKey> from_view(ByteView bytes);  // exactly 32 bytes
};

using Nonce = std::array<uint8_t, kNonceBytes>;
Nonce random_nonce();
Bytes random_bytes(size_t count);

PublicKey public_key_of(const Secret& key);  // RFC 7748 section 6.1
// X25519(own, other). invalid_argument: `other` is one of the few points with which every key
// agrees on the same.
Result<Secret> agree(const Secret& own, const PublicKey& other);

Bytes blake2b_512(ByteView bytes);  // RFC 7693, 64 bytes, no key
Digest hmac_sha256(ByteView key, ByteView message);
// HKDF-SHA-256 (RFC 5869), 32 bytes. Different salts or purposes: secrets that tell nothing of each
// other, nor of `from`.
Secret derive(const Secret& from, ByteView salt, ByteView purpose);

// A key made of a passphrase (RFC 7914). exhausted: there is no memory for it.
struct ScryptCost {
  uint64_t n = 1u << 14, r = 8, p = 1;
};
Result<Secret> scrypt(std::string_view passphrase, ByteView salt, ScryptCost cost);
Secret pbkdf2_sha256(std::string_view passphrase, ByteView salt, uint32_t rounds);  // RFC 8018 5.2

// ChaCha20-Poly1305 (RFC 8439 section 2.8) without additional data. Never seal two texts under one
// key and nonce. Not thread-safe.
class BoxCipher {
 public:
  explicit BoxCipher(const Secret& key);
  ~BoxCipher();
  BoxCipher(BoxCipher&&) noexcept;
  BoxCipher& operator=(BoxCipher&&) noexcept;
  // Writes plain.size() + kTagBytes at `out`, which does not overlap `plain`. At most 1 GiB.
  void seal(const Nonce& nonce, ByteView plain, char* out);
  // Writes sealed.size() - kTagBytes at `out`. False: it is damaged, or of another key; then what
  // is at `out` is not to be used.
  bool open(const Nonce& nonce, ByteView sealed, char* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medarc::security

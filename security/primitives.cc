#include "security/primitives.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdlib>

namespace medarc::security {
namespace {

constexpr uint64_t kScryptMemoryBytesMax = 256u << 20;

void must(int done) {
  if (done <= 0) std::abort();
}

const uint8_t* octets(ByteView bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }
uint8_t* octets(char* out) { return reinterpret_cast<uint8_t*>(out); }

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

KeyPtr private_key(const Secret& key) {
  KeyPtr out(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, octets(key.view()), kKeyBytes),
             EVP_PKEY_free);
  must(out != nullptr);
  return out;
}

template <class T>
std::optional<T> copied(ByteView bytes, uint8_t* (*data_of)(T&)) {
  if (bytes.size() != kKeyBytes) return std::nullopt;
  T out;
  std::memcpy(data_of(out), bytes.data(), kKeyBytes);
  return out;
}

}  // namespace

Secret::~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

Secret Secret::random() {
  Secret out;
  must(RAND_priv_bytes(out.data(), kKeyBytes));
  return out;
}

std::optional<Secret> Secret::from_view(ByteView bytes) {
  return copied<Secret>(bytes, [](Secret& s) { return s.data(); });
}

bool Secret::operator==(const Secret& other) const {
  return CRYPTO_memcmp(bytes_.data(), other.bytes_.data(), kKeyBytes) == 0;
}

std::optional<PublicKey> PublicKey::from_view(ByteView bytes) {
  return copied<PublicKey>(bytes, [](PublicKey& k) { return k.value.data(); });
}

Nonce random_nonce() {
  Nonce out;
  must(RAND_bytes(out.data(), static_cast<int>(out.size())));
  return out;
}

Bytes random_bytes(size_t count) {
  Bytes out(count, '\0');
  must(RAND_bytes(octets(out.data()), static_cast<int>(count)));
  return out;
}

PublicKey public_key_of(const Secret& key) {
  const KeyPtr own = private_key(key);
  PublicKey out;
  size_t size = out.value.size();
  must(EVP_PKEY_get_raw_public_key(own.get(), out.value.data(), &size));
  return out;
}

Result<Secret> agree(const Secret& own, const PublicKey& other) {
  const KeyPtr mine = private_key(own);
  const KeyPtr theirs(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.value.data(), kKeyBytes),
      EVP_PKEY_free);
  must(theirs != nullptr);
  const KeyContextPtr context(EVP_PKEY_CTX_new(mine.get(), nullptr), EVP_PKEY_CTX_free);
  must(context != nullptr);
  must(EVP_PKEY_derive_init(context.get()));
  must(EVP_PKEY_derive_set_peer(context.get(), theirs.get()));
  Secret out;
  size_t size = kKeyBytes;
  if (EVP_PKEY_derive(context.get(), out.data(), &size) <= 0) {
    ERR_clear_error();
    return make_error(Code::invalid_argument, "this is no public key that anybody should use");
  }
  return out;
}

Bytes blake2b_512(ByteView bytes) {
  Bytes out(64, '\0');
  unsigned int size = 0;
  must(
      EVP_Digest(bytes.data(), bytes.size(), octets(out.data()), &size, EVP_blake2b512(), nullptr));
  return out;
}

Digest hmac_sha256(ByteView key, ByteView message) {
  Digest out;
  unsigned int size = 0;
  if (key.empty()) key = ByteView("", 0);  // no null pointer
  must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), octets(message), message.size(),
            out.value.data(), &size) != nullptr);
  return out;
}

// Extract, then the first block of expand, which is all of 32 bytes.
Secret derive(const Secret& from, ByteView salt, ByteView purpose) {
  const std::optional<Secret> extracted = Secret::from_view(hmac_sha256(salt, from.view()).view());
  Bytes info(purpose);
  info += '\1';
  return *Secret::from_view(hmac_sha256(extracted->view(), info).view());
}

Result<Secret> scrypt(std::string_view passphrase, ByteView salt, ScryptCost cost) {
  Secret out;
  if (EVP_PBE_scrypt(passphrase.data(), passphrase.size(), octets(salt), salt.size(), cost.n,
                     cost.r, cost.p, kScryptMemoryBytesMax, out.data(), kKeyBytes) <= 0) {
    ERR_clear_error();
    return make_error(Code::exhausted, "there is not the memory to make a key of a passphrase");
  }
  return out;
}

Secret pbkdf2_sha256(std::string_view passphrase, ByteView salt, uint32_t rounds) {
  Secret out;
  must(PKCS5_PBKDF2_HMAC(passphrase.data(), static_cast<int>(passphrase.size()), octets(salt),
                         static_cast<int>(salt.size()), static_cast<int>(rounds), EVP_sha256(),
                         kKeyBytes, out.data()));
  return out;
}

struct BoxCipher::State {
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> seal{nullptr,
                                                                       EVP_CIPHER_CTX_free};
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> open{nullptr,
                                                                       EVP_CIPHER_CTX_free};
};

BoxCipher::BoxCipher(const Secret& key) : state_(std::make_unique<State>()) {
  state_->seal.reset(EVP_CIPHER_CTX_new());
  state_->open.reset(EVP_CIPHER_CTX_new());
  must(state_->seal != nullptr && state_->open != nullptr);
  const uint8_t* bytes = octets(key.view());
  must(EVP_EncryptInit_ex(state_->seal.get(), EVP_chacha20_poly1305(), nullptr, bytes, nullptr));
  must(EVP_DecryptInit_ex(state_->open.get(), EVP_chacha20_poly1305(), nullptr, bytes, nullptr));
}
BoxCipher::~BoxCipher() = default;
BoxCipher::BoxCipher(BoxCipher&&) noexcept = default;
BoxCipher& BoxCipher::operator=(BoxCipher&&) noexcept = default;

void BoxCipher::seal(const Nonce& nonce, ByteView plain, char* out) {
  EVP_CIPHER_CTX* context = state_->seal.get();
  must(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()));
  int written = 0, last = 0;
  must(EVP_EncryptUpdate(context, octets(out), &written, octets(plain),
                         static_cast<int>(plain.size())));
  must(EVP_EncryptFinal_ex(context, octets(out) + written, &last));
  must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out + plain.size()));
}

bool BoxCipher::open(const Nonce& nonce, ByteView sealed, char* out) {
  if (sealed.size() < kTagBytes) return false;
  EVP_CIPHER_CTX* context = state_->open.get();
  const size_t length = sealed.size() - kTagBytes;
  must(EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()));
  must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                           const_cast<char*>(sealed.data()) + length));
  int written = 0, last = 0;
  must(EVP_DecryptUpdate(context, octets(out), &written, octets(sealed), static_cast<int>(length)));
  if (EVP_DecryptFinal_ex(context, octets(out) + written, &last) > 0) return true;
  ERR_clear_error();
  return false;
}

}  // namespace medarc::security

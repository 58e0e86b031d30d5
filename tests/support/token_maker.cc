#include "tests/support/token_maker.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <cstdlib>

#include "base/bytes.h"

namespace medarc::test {
namespace {

EVP_PKEY* made(SigningKey::Kind kind) {
  switch (kind) {
    case SigningKey::Kind::rsa: return EVP_RSA_gen(2048);
    case SigningKey::Kind::weak_rsa: return EVP_RSA_gen(1024);
    case SigningKey::Kind::p256: return EVP_EC_gen("P-256");
    case SigningKey::Kind::p384: return EVP_EC_gen("P-384");
    case SigningKey::Kind::ed25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

std::string number(EVP_PKEY* key, const char* name, int bytes) {
  BIGNUM* n = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &n) != 1) abort();
  std::string out(static_cast<size_t>(bytes == 0 ? BN_num_bytes(n) : bytes), '\0');
  BN_bn2binpad(n, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size()));
  BN_free(n);
  return out;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<size_t>(size));
  BIO_free(bio);
  return out;
}

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string out = to_base64(bytes);
  for (char& c : out) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  while (out.ends_with('=')) out.pop_back();
  return out;
}

SigningKey::SigningKey(Kind kind)
    : kind_(kind),
      key_(made(kind), [](void* key) { EVP_PKEY_free(static_cast<EVP_PKEY*>(key)); }) {}

std::string SigningKey::pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, static_cast<EVP_PKEY*>(key_.get()));
  return text_of(bio);
}

std::string SigningKey::private_pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, static_cast<EVP_PKEY*>(key_.get()), nullptr, nullptr, 0, nullptr,
                           nullptr);
  return text_of(bio);
}

std::string SigningKey::jwk(const std::string& more) const {
  auto* const key = static_cast<EVP_PKEY*>(key_.get());
  std::string out;
  const auto member = [&](const char* name, const std::string& bytes) {
    out += std::string(",\"") + name + "\":\"" + base64url(bytes) + "\"";
  };
  if (kind_ == Kind::rsa || kind_ == Kind::weak_rsa) {
    out = R"({"kty":"RSA")";
    member("n", number(key, OSSL_PKEY_PARAM_RSA_N, 0));
    member("e", number(key, OSSL_PKEY_PARAM_RSA_E, 0));
  } else if (kind_ == Kind::ed25519) {
    std::array<unsigned char, 32> x{};
    size_t size = x.size();
    EVP_PKEY_get_raw_public_key(key, x.data(), &size);
    out = R"({"kty":"OKP","crv":"Ed25519")";
    member("x", {reinterpret_cast<const char*>(x.data()), x.size()});
  } else {
    const int bytes = kind_ == Kind::p256 ? 32 : 48;
    out = std::string(R"({"kty":"EC","crv":")") + (kind_ == Kind::p256 ? "P-256\"" : "P-384\"");
    member("x", number(key, OSSL_PKEY_PARAM_EC_PUB_X, bytes));
    member("y", number(key, OSSL_PKEY_PARAM_EC_PUB_Y, bytes));
  }
  return out + (more.empty() ? "" : "," + more) + "}";
}

std::string SigningKey::sign(std::string_view text) const {
  auto* const key = static_cast<EVP_PKEY*>(key_.get());
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* digest = kind_ == Kind::ed25519 ? nullptr : EVP_sha256();
  std::string out(1024, '\0');
  size_t size = out.size();
  if (EVP_DigestSignInit(context, nullptr, digest, nullptr, key) != 1 ||
      EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1) {
    abort();
  }
  EVP_MD_CTX_free(context);
  out.resize(size);
  if (kind_ != Kind::p256 && kind_ != Kind::p384) return out;
  const auto* der = reinterpret_cast<const unsigned char*>(out.data());
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size));
  const int bytes = kind_ == Kind::p256 ? 32 : 48;
  std::string flat(2 * static_cast<size_t>(bytes), '\0');
  auto* const to = reinterpret_cast<unsigned char*>(flat.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + bytes, bytes);
  ECDSA_SIG_free(pair);
  return flat;
}

std::string hmac_sha256(std::string_view secret, std::string_view text) {
  std::array<unsigned char, 32> out{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string unsigned_token(std::string_view header, std::string_view claims) {
  return base64url(header) + "." + base64url(claims);
}

std::string signed_token(const SigningKey& key, std::string_view header, std::string_view claims) {
  const std::string text = unsigned_token(header, claims);
  return text + "." + base64url(key.sign(text));
}

}  // namespace medarc::test

#include "security/verify_key.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace medarc::security {
namespace {

namespace json = boost::json;

constexpr size_t kCoordinateBytes = 32;  // of P-256; also a key of Ed25519
constexpr size_t kSecretBytesMin = 32;
constexpr std::array<std::pair<std::string_view, Algorithm>, 4> kAlgorithms = {
    {{"RS256", Algorithm::rs256},
     {"ES256", Algorithm::es256},
     {"EdDSA", Algorithm::eddsa},
     {"HS256", Algorithm::hs256}}};

const unsigned char* octets(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

template <class T, void (*free)(T*)>
struct Freed {
  void operator()(T* p) const { free(p); }
};
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Digesting = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM, OSSL_PARAM_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using KeyPtr = std::shared_ptr<EVP_PKEY>;

KeyPtr owned(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

KeyPtr from_params(const char* kind, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return nullptr;
  }
  return owned(key);
}

KeyPtr rsa_key(ByteView modulus, ByteView exponent) {
  const Number n(BN_bin2bn(octets(modulus), static_cast<int>(modulus.size()), nullptr));
  const Number e(BN_bin2bn(octets(exponent), static_cast<int>(exponent.size()), nullptr));
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return from_params("RSA", builder.get());
}

KeyPtr p256_key(const Bytes& x, const Bytes& y) {
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return nullptr;
  const Bytes point = "\x04" + x + y;
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) !=
          1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  return from_params("EC", builder.get());  // refuses what is no point of the curve
}

// What the key is for; nullopt: nothing that we know, or it is too weak.
std::optional<Algorithm> use_of(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < kRsaBitsMin || bits > kRsaBitsMax) return std::nullopt;
    return Algorithm::rs256;
  }
  if (EVP_PKEY_is_a(key, "ED25519") == 1) return Algorithm::eddsa;
  std::array<char, 64> group{};
  if (EVP_PKEY_is_a(key, "EC") == 1 &&
      EVP_PKEY_get_group_name(key, group.data(), group.size(), nullptr) == 1 &&
      std::string_view(group.data()) == "prime256v1") {
    return Algorithm::es256;
  }
  return std::nullopt;
}

// r and s of JWS (RFC 7518 3.4) as OpenSSL reads them; empty: none.
Bytes der_of(ByteView signature) {
  if (signature.size() != 2 * kCoordinateBytes) return {};
  const std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>> made(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(octets(signature), kCoordinateBytes, nullptr);
  BIGNUM* s = BN_bin2bn(octets(signature.substr(kCoordinateBytes)), kCoordinateBytes, nullptr);
  if (!made || r == nullptr || s == nullptr || ECDSA_SIG_set0(made.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(made.get(), &der);
  if (length <= 0) return {};
  Bytes out(reinterpret_cast<const char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  return out;
}

std::string text_of(const json::object& jwk, const char* name) {
  const json::value* found = jwk.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

Error damaged(std::string_view what) {
  return make_error(Code::invalid_argument, std::string(what));
}

}  // namespace

std::optional<Algorithm> algorithm_of(std::string_view name) {
  for (const auto& [known, algorithm] : kAlgorithms) {
    if (known == name) return algorithm;
  }
  return std::nullopt;
}

std::string_view to_string(Algorithm algorithm) {
  return kAlgorithms[static_cast<size_t>(algorithm)].first;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  return from_base64(plain);
}

Result<VerifyKey> VerifyKey::secret(Bytes secret) {
  if (secret.size() < kSecretBytesMin) return damaged("a secret of HS256 has 32 bytes or more");
  VerifyKey out;
  out.secret_ = std::move(secret);
  return out;
}

bool VerifyKey::verifies(ByteView signed_text, ByteView signature) const {
  ERR_clear_error();
  if (algorithm_ == Algorithm::hs256) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned length = 0;
    return !secret_.empty() &&
           HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), octets(signed_text),
                signed_text.size(), mac.data(), &length) != nullptr &&
           length == signature.size() && CRYPTO_memcmp(mac.data(), signature.data(), length) == 0;
  }
  const Bytes der = algorithm_ == Algorithm::es256 ? der_of(signature) : Bytes(signature);
  const EVP_MD* digest = algorithm_ == Algorithm::eddsa ? nullptr : EVP_sha256();
  const Digesting context(EVP_MD_CTX_new());
  const bool right = context && !der.empty() &&
                     EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr,
                                          static_cast<EVP_PKEY*>(key_.get())) == 1 &&
                     EVP_DigestVerify(context.get(), octets(der), der.size(), octets(signed_text),
                                      signed_text.size()) == 1;
  ERR_clear_error();
  return right;
}

// From texts to keys.
class KeyReader {
 public:
  Result<std::vector<VerifyKey>> read(ByteView text) {
    if (text.size() > kVerifyKeysBytesMax) return damaged("over 256 KiB of keys");
    const size_t begin = text.find_first_not_of(" \t\r\n");
    const bool set = begin != ByteView::npos && text[begin] == '{';
    MEDARC_TRY(set ? read_json(text) : read_pem(text));
    ERR_clear_error();
    if (keys_.empty()) return damaged("no key in it that RS256, ES256 or EdDSA could use");
    return std::move(keys_);
  }

 private:
  Status add(KeyPtr key, std::string id, std::string_view wanted) {
    const auto algorithm = use_of(key.get());
    if (!algorithm || (!wanted.empty() && wanted != to_string(*algorithm))) return {};
    if (keys_.size() == kVerifyKeysMax) return damaged("more than 64 keys");
    VerifyKey out;
    out.algorithm_ = *algorithm;
    out.id_ = std::move(id);
    out.key_ = std::move(key);
    keys_.push_back(std::move(out));
    return {};
  }

  Status read_pem(ByteView text) {
    if (text.find("PRIVATE KEY") != ByteView::npos) return damaged("holds a private key");
    const std::unique_ptr<BIO, Freed<BIO, BIO_vfree>> in(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (!in) return make_error(Code::exhausted, "no memory for keys");
    char *name = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long length = 0;
    while (PEM_read_bio(in.get(), &name, &header, &data, &length) == 1) {
      const bool is_key = std::string_view(name) == PEM_STRING_PUBLIC;
      const unsigned char* at = data;
      KeyPtr key = owned(is_key ? d2i_PUBKEY(nullptr, &at, length) : nullptr);
      OPENSSL_free(name);
      OPENSSL_free(header);
      OPENSSL_free(data);
      if (!key) return damaged(is_key ? "a damaged key in PEM" : "something else than public keys");
      MEDARC_TRY(add(std::move(key), "", ""));
    }
    const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    return ended ? Status() : damaged("damaged PEM");
  }

  Status read_json(ByteView text) {
    json::parse_options options;
    options.max_depth = 8;
    boost::system::error_code failed;
    const json::value parsed = json::parse({text.data(), text.size()}, failed, {}, options);
    if (failed || !parsed.is_object()) return damaged("neither a JWK set nor PEM");
    const json::value* set = parsed.get_object().if_contains("keys");
    if (set == nullptr) return read_jwk(parsed.get_object());
    if (!set->is_array()) return damaged("keys of a JWK set are a list");
    for (const json::value& one : set->get_array()) {
      if (!one.is_object()) return damaged("a key of a JWK set is an object");
      MEDARC_TRY(read_jwk(one.get_object()));
    }
    return {};
  }

  Status read_jwk(const json::object& jwk) {
    const std::string kind = text_of(jwk, "kty"), use = text_of(jwk, "use");
    if (kind == "oct" || jwk.contains("d")) return damaged("holds a private or secret key");
    if (!use.empty() && use != "sig") return {};
    const auto part = [&](const char* name) {
      return from_base64url(text_of(jwk, name)).value_or(Bytes());
    };
    const std::string curve = text_of(jwk, "crv");
    KeyPtr key;
    if (kind == "RSA") {
      const Bytes n = part("n"), e = part("e");
      if (n.empty() || n.size() > kRsaBitsMax / 8 + 1 || e.empty() || e.size() > 8) {
        return damaged("a damaged RSA key");
      }
      key = rsa_key(n, e);
    } else if (kind == "EC" && curve == "P-256") {
      key = p256_key(part("x"), part("y"));
    } else if (kind == "OKP" && curve == "Ed25519") {
      const Bytes x = part("x");
      key = owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(x), x.size()));
    } else {
      return {};
    }
    if (!key) return damaged("a damaged " + kind + " key");
    return add(std::move(key), text_of(jwk, "kid"), text_of(jwk, "alg"));
  }

  std::vector<VerifyKey> keys_;
};

Result<std::vector<VerifyKey>> read_verify_keys(ByteView text) { return KeyReader().read(text); }

}  // namespace medarc::security

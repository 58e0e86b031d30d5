#include "archive/hash.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace medarc::archive {
namespace {

// Fetched once: looking an algorithm up by name costs more than hashing a short message.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return md;
}

const EVP_MD* md5_algorithm() {
  static const EVP_MD* md = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return md;
}

// OpenSSL's digest calls fail only without memory or without the algorithm: nothing to go on with.
void must(int ok) {
  if (ok != 1) std::abort();
}

struct Context {
  explicit Context(const EVP_MD* algorithm) : md(algorithm), context(EVP_MD_CTX_new()) {
    must(context != nullptr && md != nullptr);
    start();
  }
  ~Context() { EVP_MD_CTX_free(context); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void start() { must(EVP_DigestInit_ex2(context, md, nullptr)); }
  void update(ByteView bytes) { must(EVP_DigestUpdate(context, bytes.data(), bytes.size())); }
  void finish(uint8_t* out) {
    must(EVP_DigestFinal_ex(context, out, nullptr));
    start();
  }
  const EVP_MD* md;
  EVP_MD_CTX* context;
};

}  // namespace

struct Sha256::State : Context {
  State() : Context(sha256_algorithm()) {}
};
Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
void Sha256::update(ByteView bytes) { state_->update(bytes); }
Digest Sha256::finish() {
  Digest out;
  state_->finish(out.value.data());
  return out;
}
Digest Sha256::of(ByteView bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

struct Md5::State : Context {
  State() : Context(md5_algorithm()) {}
};
Md5::Md5() : state_(std::make_unique<State>()) {}
Md5::~Md5() = default;
Md5::Md5(Md5&&) noexcept = default;
Md5& Md5::operator=(Md5&&) noexcept = default;
void Md5::update(ByteView bytes) { state_->update(bytes); }
std::string Md5::finish_hex() {
  uint8_t out[16];
  state_->finish(out);
  return to_hex({reinterpret_cast<const char*>(out), sizeof out});
}

struct Checksum::State : Context {
  using Context::Context;
};
Checksum::Checksum(std::unique_ptr<State> state) : state_(std::move(state)) {}
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;
Checksum::~Checksum() = default;
std::optional<Checksum> Checksum::of(std::string_view algorithm) {
  const EVP_MD* md = algorithm == "sha1"     ? EVP_sha1()
                     : algorithm == "sha256" ? sha256_algorithm()
                     : algorithm == "md5"    ? md5_algorithm()
                                             : nullptr;
  if (md == nullptr) return std::nullopt;
  return Checksum(std::make_unique<State>(md));
}
void Checksum::update(ByteView bytes) { state_->update(bytes); }
Bytes Checksum::finish() {
  Bytes out(static_cast<size_t>(EVP_MD_get_size(state_->md)), '\0');
  state_->finish(reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

}  // namespace medarc::archive

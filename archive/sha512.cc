#include "archive/sha512.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace medarc::archive {
namespace {

constexpr size_t kDigestBytes = 64;

const EVP_MD* algorithm() {
  static const EVP_MD* md = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  return md;
}

// OpenSSL's digest calls fail only without memory or without the algorithm: nothing to go on with.
void must(int ok) {
  if (ok != 1) std::abort();
}

}  // namespace

struct Sha512::State {
  State() : context(EVP_MD_CTX_new()) {
    must(context != nullptr && algorithm() != nullptr);
    start();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void start() { must(EVP_DigestInit_ex2(context, algorithm(), nullptr)); }
  EVP_MD_CTX* context;
};

Sha512::Sha512() : state_(std::make_unique<State>()) {}
Sha512::~Sha512() = default;
Sha512::Sha512(Sha512&&) noexcept = default;
Sha512& Sha512::operator=(Sha512&&) noexcept = default;

void Sha512::update(ByteView bytes) {
  must(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

Bytes Sha512::finish() {
  Bytes out(kDigestBytes, '\0');
  must(EVP_DigestFinal_ex(state_->context, reinterpret_cast<uint8_t*>(out.data()), nullptr));
  state_->start();
  return out;
}

}  // namespace medarc::archive

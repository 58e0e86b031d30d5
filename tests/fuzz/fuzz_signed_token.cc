// What a caller may show as a signed token, and what a file of keys may hold. The first octet
// chooses: a token as it stands; header and claims, parted by a NUL, made into one; keys. What is
// read says nothing of its own: a token without a signature is verified by no key, and a refusal
// tells nothing of what was shown.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "security/signed_token.h"
#include "tests/support/token_maker.h"

using namespace medarc;
using namespace medarc::security;

namespace {

const std::vector<VerifyKey>& keys() {
  static const std::vector<VerifyKey> all = [] {
    const test::SigningKey key(test::SigningKey::Kind::ed25519);
    return *read_verify_keys(key.pem());
  }();
  return all;
}

void show(std::string_view token) {
  const auto read = read_token(token);
  if (read.has_error()) {
    if (read.error().code != Code::unauthenticated) std::abort();
    return;
  }
  if (read->signed_text.size() + 1 > token.size()) std::abort();
  if (keys()[0].verifies(read->signed_text, read->signature)) std::abort();
  for (const char* path : {"roles", "a.b", "."}) (void)claim_texts(read->claims, path);
  (void)check_claims(read->claims, {"i", "a"}, Timestamp{1'700'000'000'000'000});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0: show(rest); break;
    case 1: {
      const size_t nul = std::min(rest.find('\0'), rest.size());
      const std::string_view claims = rest.substr(std::min(nul + 1, rest.size()));
      show(test::unsigned_token(rest.substr(0, nul), claims) + "." + test::base64url("signature"));
      break;
    }
    default: {
      const auto read = read_verify_keys(rest);
      if (read.has_value() && (read->empty() || read->size() > kVerifyKeysMax)) std::abort();
      if (read.has_value()) (void)(*read)[0].verifies("text", "signature");
    }
  }
  return 0;
}

// Key files as the reference implementation of Crypt4GH writes them: PEM, the public key as its 32
// bytes, the secret one in the form "c4gh-v1": alone, or under a passphrase.
//
//   "c4gh-v1", then texts with a length of two bytes (big-endian) each: kdf; unless it is "none",
//   rounds u32 and salt; cipher; key (under a passphrase: nonce, sealed key with its MAC); and, if
//   there is one, a comment
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "genomics/crypt4gh_header.h"

namespace medarc::genomics::crypt4gh {

inline constexpr size_t kKeyFileBytesMax = 64u << 10;
inline constexpr uint32_t kPassphraseRoundsMax = 10'000'000;  // of PBKDF2, as a file may ask for

Bytes write_public_key(const PublicKey& key);
// A PEM file, or base64 alone. invalid_argument; unsupported: a key of OpenSSH.
Result<PublicKey> read_public_key(ByteView text);

// Under a passphrase (scrypt) unless it is empty. Errors: exhausted.
Result<Bytes> write_secret_key(const Secret& key, std::string_view passphrase);
// invalid_argument (no key file, a passphrase is missing or wrong), unsupported (a key of OpenSSH;
// bcrypt, which no library at hand derives keys with), exhausted.
Result<Secret> read_secret_key(ByteView text, std::string_view passphrase);
// Of a file that may hold several. None: invalid_argument.
Result<std::vector<Secret>> read_secret_keys(ByteView text, std::string_view passphrase);

}  // namespace medarc::genomics::crypt4gh

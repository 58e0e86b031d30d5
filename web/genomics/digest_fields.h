// Digests a sender declares for its body: Repr-Digest and Content-Digest (RFC 9530), Content-MD5
// (RFC 1864).
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "web/http.h"

namespace medarc::web {

struct DeclaredDigests {
  std::optional<Digest> sha256;
  std::optional<std::string> md5_hex;
};
// Algorithms not known here are left out, as RFC 9530 has it. invalid_argument: a value that is
// none, or two different ones for the same algorithm.
Result<DeclaredDigests> declared_digests(const Headers& headers);

}  // namespace medarc::web

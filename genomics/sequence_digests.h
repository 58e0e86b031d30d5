// The names that a sequence's letters give it: md5 (SAM specification, @SQ M5; refget) and the
// GA4GH digest sha512t24u (refget 2.0, "SQ."). Both are of the letters A-Z alone, in upper case.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "archive/hash.h"
#include "archive/sha512.h"

namespace medarc::genomics {

struct SequenceDigests {
  std::array<uint8_t, 16> md5{};
  std::array<uint8_t, 24> sha512t24{};  // the first 24 bytes of SHA-512
  std::string md5_hex() const;          // 32 lower-case digits
  std::string ga4gh() const;            // "SQ." and 32 characters of base64url
  std::string trunc512() const;         // 48 lower-case digits: refget 1.0's name
  bool operator==(const SequenceDigests&) const = default;
};

// Not thread-safe; reusable after finish().
class SequenceHasher {
 public:
  void update(std::string_view upper_case_letters) {
    md5_.update(upper_case_letters);
    sha512_.update(upper_case_letters);
  }
  SequenceDigests finish();

 private:
  archive::Md5 md5_;
  archive::Sha512 sha512_;
};

// The identities of a sequence in the index (FileRow::identities).
std::string md5_identity(std::string_view md5_hex);  // "md5seq:…"
std::string ga4gh_identity(std::string_view ga4gh);  // "ga4gh:SQ.…"

// The identity that a refget id means: md5 or trunc512 in hex of any case, "SQ.…", each with or
// without its prefix ("md5:", "trunc512:", "ga4gh:"). nullopt: it is none of them.
std::optional<std::string> identity_of(std::string_view refget_id);

}  // namespace medarc::genomics

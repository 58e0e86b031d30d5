#include "web/genomics/digest_fields.h"

#include "web/text.h"

namespace medarc::web {
namespace {

constexpr size_t kMd5Bytes = 16;

Status take(DeclaredDigests& out, std::string_view algorithm, std::string_view base64) {
  const auto wrong =
      make_error(Code::invalid_argument, "a declared digest is not well-formed, or declared twice");
  const auto bytes = from_base64(base64);
  if (equal_ignoring_case(algorithm, "sha-256")) {
    const auto digest = bytes ? Digest::from_view(*bytes) : std::nullopt;
    if (!digest || (out.sha256 && *out.sha256 != *digest)) return wrong;
    out.sha256 = digest;
  } else if (equal_ignoring_case(algorithm, "md5")) {
    if (!bytes || bytes->size() != kMd5Bytes) return wrong;
    std::string hex = to_hex(*bytes);
    if (out.md5_hex && *out.md5_hex != hex) return wrong;
    out.md5_hex = std::move(hex);
  }
  return {};
}

}  // namespace

Result<DeclaredDigests> declared_digests(const Headers& headers) {
  DeclaredDigests out;
  for (const char* name : {"Repr-Digest", "Content-Digest"}) {
    for (const std::string_view field : headers.all(name)) {
      for (const std::string_view member : split_list(field, ',')) {
        // name=:base64: (RFC 8941, a dictionary of byte sequences)
        const size_t equals = member.find('=');
        if (equals == std::string_view::npos) {
          return make_error(Code::invalid_argument, "a declared digest is not well-formed");
        }
        std::string_view value = trim(member.substr(equals + 1));
        if (value.size() < 2 || value.front() != ':' || value.back() != ':') {
          return make_error(Code::invalid_argument, "a declared digest is not well-formed");
        }
        value = value.substr(1, value.size() - 2);
        MEDARC_TRY(take(out, trim(member.substr(0, equals)), value));
      }
    }
  }
  for (const std::string_view field : headers.all("Content-MD5")) {
    MEDARC_TRY(take(out, "md5", trim(field)));
  }
  return out;
}

}  // namespace medarc::web

#include "genomics/sequence_digests.h"

#include <algorithm>

#include "base/bytes.h"

namespace medarc::genomics {
namespace {

constexpr std::string_view kSq = "SQ.";
constexpr size_t kGa4ghCharacters = 32;

template <size_t N>
ByteView view(const std::array<uint8_t, N>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), N};
}

// RFC 4648 section 5; 24 bytes need no padding.
std::string base64url(ByteView bytes) {
  std::string out = to_base64(bytes);
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

bool is_base64url(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

bool drop_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

std::string SequenceDigests::md5_hex() const { return to_hex(view(md5)); }
std::string SequenceDigests::ga4gh() const { return std::string(kSq) + base64url(view(sha512t24)); }
std::string SequenceDigests::trunc512() const { return to_hex(view(sha512t24)); }

SequenceDigests SequenceHasher::finish() {
  SequenceDigests out;
  const Bytes md5 = from_hex(md5_.finish_hex()).value_or(Bytes(out.md5.size(), '\0'));
  std::copy(md5.begin(), md5.end(), out.md5.begin());
  const Bytes sha512 = sha512_.finish();
  std::copy_n(sha512.begin(), out.sha512t24.size(), out.sha512t24.begin());
  return out;
}

std::string md5_identity(std::string_view md5_hex) { return "md5seq:" + std::string(md5_hex); }
std::string ga4gh_identity(std::string_view ga4gh) { return "ga4gh:" + std::string(ga4gh); }

std::optional<std::string> identity_of(std::string_view id) {
  const bool md5_only = drop_prefix(id, "md5:");
  const bool trunc512_only = !md5_only && drop_prefix(id, "trunc512:");
  const bool ga4gh_only = !md5_only && !trunc512_only && drop_prefix(id, "ga4gh:");
  if (!md5_only && !trunc512_only && id.starts_with(kSq)) {
    if (id.size() != kSq.size() + kGa4ghCharacters || !is_base64url(id.substr(kSq.size()))) {
      return std::nullopt;
    }
    return ga4gh_identity(id);
  }
  if (ga4gh_only) return std::nullopt;
  const auto bytes = from_hex(id);
  if (!bytes) return std::nullopt;
  if (bytes->size() == 16 && !trunc512_only) return md5_identity(to_hex(*bytes));
  if (bytes->size() == 24 && !md5_only) return ga4gh_identity(std::string(kSq) + base64url(*bytes));
  return std::nullopt;
}

}  // namespace medarc::genomics

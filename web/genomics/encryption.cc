#include "web/genomics/encryption.h"

#include <algorithm>

#include "genomics/crypt4gh_segments.h"
#include "web/conditional.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::crypt4gh::PublicKey;
using genomics::crypt4gh::SealedSource;
using genomics::crypt4gh::Vault;

constexpr const char* kType = "application/octet-stream";  // Crypt4GH has none of its own

// Base64 of either alphabet, padded or not; a plus sign may have become a blank on its way.
std::optional<PublicKey> key_of(std::string_view text) {
  std::string base64(text);
  std::replace(base64.begin(), base64.end(), ' ', '+');
  std::replace(base64.begin(), base64.end(), '-', '+');
  std::replace(base64.begin(), base64.end(), '_', '/');
  while (base64.size() % 4 != 0) base64 += '=';
  const auto bytes = from_base64(base64);
  return bytes ? PublicKey::from_view(*bytes) : std::nullopt;
}

}  // namespace

Result<std::optional<Recipient>> recipient_asked(const GenomicsContext& c, const Request& request) {
  const std::string_view scheme = request.query_value("encryption"),
                         name = request.query_value("recipient"), key = request.query_value("key");
  if (scheme.empty()) {
    if (name.empty() && key.empty()) return std::optional<Recipient>();
    return make_error(Code::invalid_argument, "recipient and key go with encryption=crypt4gh");
  }
  if (scheme != "crypt4gh") return make_error(Code::invalid_argument, "encryption: crypt4gh");
  if (name.empty() == key.empty()) {
    return make_error(Code::invalid_argument,
                      "encryption: for whom? Either recipient (a name that is known here) or key "
                      "(base64 of a public key)");
  }
  genomics::Crypt4gh* crypt4gh = c.store.crypt4gh();
  if (crypt4gh == nullptr) return make_error(Code::unsupported, "nothing is encrypted here");
  if (!name.empty()) {
    MEDARC_ASSIGN(Recipient known,
                  crypt4gh->recipient(at_genomics_door(request), std::string(name)));
    return std::optional(std::move(known));
  }
  const auto given = key_of(key);
  if (!given) return make_error(Code::invalid_argument, "key: base64 of 32 bytes");
  return std::optional(Recipient{"", *given, {}});
}

Request without_encryption(const Request& request) {
  Request out = request;
  std::erase_if(out.query, [](const auto& one) {
    return one.first == "encryption" || one.first == "recipient" || one.first == "key";
  });
  Headers kept;
  for (const Header& header : request.headers.entries()) {
    const auto is = [&](std::string_view name) { return equal_ignoring_case(header.name, name); };
    if (is("Range") || is("If-Range") || is("If-Match") || is("If-None-Match")) continue;
    kept.add(header.name, header.value);
  }
  out.headers = std::move(kept);
  return out;
}

Result<Response> sealed_blob(const GenomicsContext& c, const Request& request,
                             const genomics::FileRow& row, const Digest& blob,
                             std::unique_ptr<archive::BlobReader> plain, const Recipient& recipient,
                             std::string filename) {
  genomics::Crypt4gh& crypt4gh = *c.store.crypt4gh();
  MEDARC_TRY(crypt4gh.admit(at_genomics_door(request), row.id, recipient));
  MEDARC_ASSIGN(auto sealed, crypt4gh.seal(blob, std::move(plain), recipient.key));
  return serve_blob(request, std::move(sealed.reader), kType, std::move(sealed.etag),
                    filename + ".c4gh");
}

Result<Response> sealed_stream(const Request& request, std::unique_ptr<ByteSource> plain,
                               std::optional<uint64_t> bytes, const PublicKey& key) {
  MEDARC_ASSIGN(genomics::crypt4gh::Share share, Vault::share_once(key));
  Response out;
  out.headers.set("Content-Type", kType);
  out.headers.set("Cache-Control", "no-store, no-transform");
  if (bytes) {
    out.body_bytes = share.header.size() + genomics::crypt4gh::sealed_bytes_of(*bytes);
  }
  if (request.method != "HEAD") {
    out.body =
        std::make_unique<SealedSource>(std::move(share.header), share.keys, std::move(plain));
  }
  return out;
}

Result<Response> sealed_answer(const GenomicsContext& c, const Request& request,
                               const genomics::FileId& file, Response plain,
                               const Recipient& recipient) {
  if (plain.status != 200) return plain;
  MEDARC_TRY(c.store.crypt4gh()->admit(at_genomics_door(request), file, recipient));
  std::unique_ptr<ByteSource> source;
  if (auto* bytes = std::get_if<Bytes>(&plain.body)) {
    if (!plain.body_bytes && request.method != "HEAD") plain.body_bytes = bytes->size();
    source = std::make_unique<StringSource>(std::move(*bytes));
  } else {
    source = std::move(std::get<std::unique_ptr<ByteSource>>(plain.body));
  }
  MEDARC_ASSIGN(Response out,
                sealed_stream(request, std::move(source), plain.body_bytes, recipient.key));
  if (const auto name = plain.headers.find("Content-Disposition"); !name.empty()) {
    std::string told(name);
    if (told.ends_with('"')) told.insert(told.size() - 1, ".c4gh");
    out.headers.set("Content-Disposition", std::move(told));
  }
  return out;
}

}  // namespace medarc::web

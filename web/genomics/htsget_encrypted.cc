// htsget with encryptionScheme (draft, hts-specs pull request 808): tickets whose data is a
// Crypt4GH file, of the whole file as it is stored or of a slice.
//
// The draft does not say whose key it is for. Here: the recipient that the request names, the key
// in its header field Client-Public-Key (as Funnel and the Sensitive Data Archive send it: base64
// of the key file or of the key), or the one that is configured for requests that say nothing.
#include "genomics/crypt4gh_keys.h"
#include "web/genomics/encryption.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::crypt4gh::PublicKey;

Result<PublicKey> key_in_header(std::string_view value) {
  const auto bytes = from_base64(trim(value));
  if (!bytes) {
    return make_error(Code::invalid_argument,
                      "Client-Public-Key: base64 of a public key or of its file");
  }
  if (const auto key = PublicKey::from_view(*bytes)) return *key;
  return genomics::crypt4gh::read_public_key(*bytes);
}

Result<Recipient> recipient_of(const GenomicsContext& c, const Request& request,
                               const HtsgetRequest& asked) {
  genomics::Crypt4gh* crypt4gh = c.store.crypt4gh();
  if (crypt4gh == nullptr) {
    return make_error(Code::unsupported, "encryptionScheme: nothing is encrypted here");
  }
  const auto who = at_genomics_door(request);
  if (!asked.recipient.empty()) return crypt4gh->recipient(who, asked.recipient);
  if (const auto value = request.headers.find("Client-Public-Key"); !value.empty()) {
    MEDARC_ASSIGN(const PublicKey key, key_in_header(value));
    return Recipient{"", key, {}};
  }
  if (!c.options.crypt4gh_recipient.empty()) {
    return crypt4gh->recipient(who, c.options.crypt4gh_recipient);
  }
  return make_error(Code::invalid_argument,
                    "encryptionScheme: for whom? Name a recipient, or send Client-Public-Key");
}

genomics::CramReads::Form cram_form(std::string_view form) {
  return form == "cram" ? genomics::CramReads::Form::cram : genomics::CramReads::Form::bam;
}

// Of variants; nullopt: reads.
std::optional<genomics::RecordForm::Kind> variant_form(std::string_view form) {
  if (form == "vcf") return genomics::RecordForm::Kind::vcf;
  if (form == "bcf") return genomics::RecordForm::Kind::bcf;
  return std::nullopt;
}

std::string ticket_text(const Request& request, std::string_view format, const std::string& token) {
  const std::string url = request.base_url + "/htsget/data/" + token;
  return "{\"htsget\":{\"format\":" + json_string(format) +
         ",\"urls\":[{\"url\":" + json_string(url) + ",\"headers\":{}}]}}";
}

}  // namespace

Result<std::string> sealed_ticket(const GenomicsContext& c, const Request& request,
                                  const genomics::FileRow& row, std::string_view format,
                                  const HtsgetRequest& asked) {
  MEDARC_ASSIGN(const Recipient recipient, recipient_of(c, request, asked));
  const auto who = at_genomics_door(request);
  std::string form;  // what is asked for
  for (const char letter : format) form += static_cast<char>(letter - 'A' + 'a');
  const bool everything = !asked.header_only && !asked.ranges;
  MEDARC_ASSIGN(const genomics::Permit permitted, c.store.permit(who, row));
  const bool whole = everything && !asked.mask.active() && form == row.format && permitted.whole();
  DataLink link;
  link.file = row.id;
  link.consent_version = row.consent.version;
  link.expires = {now().us + static_cast<int64_t>(c.options.ticket_ttl_ms) * 1000};
  if (whole) MEDARC_TRY(c.store.content(who, row));  // the bytes as they are stored
  if (row.format == "cram") {
    if (asked.mask.active()) {
      return make_error(Code::unsupported, "fields and tags of CRAM files cannot be left out");
    }
    link.content = row.blob;
    if (!whole) {
      MEDARC_ASSIGN(const auto set, c.store.crams().load(row));
      MEDARC_ASSIGN(auto selection, selection_of(asked, set->header));
      MEDARC_ASSIGN(
          auto admitted,
          c.store.crams().admit(who, *set, {std::move(selection.regions), cram_form(form), true}));
      if (admitted.regions) link.regions = std::move(*admitted.regions);
      link.withheld = std::move(admitted.withheld);
    }
  } else {
    MEDARC_ASSIGN(const auto set, c.store.read_set(who, row));
    MEDARC_ASSIGN(genomics::Selection selection, selection_of(asked, set->header));
    selection.form = variant_form(form);
    auto slice = genomics::make_slice(set, selection, c.store.limits());
    if (slice.has_error()) return c.store.not_sliced(row, slice.error());
    MEDARC_TRY(c.store.admit_slice(who, row, *set, selection));
    link.content = set->content;
    link.regions = slice->regions;
    link.withheld = slice->withheld;
    link.mask = asked.mask;
  }
  MEDARC_TRY(c.store.crypt4gh()->admit(who, row.id, recipient));
  link.kind = whole ? DataLink::Kind::range : DataLink::Kind::coded;
  link.form = form;
  link.everything = everything;
  link.sealed = recipient.key.view();
  const std::string token = c.links.seal(link);
  if (token.size() > kLinkBytesMax) {
    return make_error(Code::too_large, "too many regions for one ticket: ask in several requests");
  }
  return ticket_text(request, format, token);
}

Result<Response> sealed_data(const GenomicsContext& c, const Request& request,
                             const genomics::FileRow& row, const DataLink& link) {
  genomics::Crypt4gh* crypt4gh = c.store.crypt4gh();
  const auto key = PublicKey::from_view(link.sealed);
  if (crypt4gh == nullptr || !key) {
    return make_error(Code::internal, "a link of another form");
  }
  const Error replaced =
      make_error(Code::gone, "the file was replaced, or sorted: ask for a new ticket");
  if (row.format == "cram") {
    if (row.blob != link.content) return replaced;
    if (link.kind == DataLink::Kind::coded) {
      MEDARC_ASSIGN(auto set, c.store.crams().load(row));
      genomics::CramReads::Wanted wanted{std::nullopt, cram_form(link.form), true};
      if (!link.everything) wanted.regions = link.regions;
      wanted.withheld = link.withheld;
      MEDARC_ASSIGN(auto content, c.store.crams().open_admitted(std::move(set), wanted));
      return sealed_stream(request, std::move(content.source), content.bytes, *key);
    }
  } else {
    MEDARC_ASSIGN(const auto set, c.store.planned_set(row));
    if (set->content != link.content) return replaced;
    if (link.kind == DataLink::Kind::coded) {
      genomics::Selection selection{link.regions, link.mask, variant_form(link.form),
                                    link.withheld};
      if (link.everything) selection.regions.reset();
      MEDARC_ASSIGN(auto slice, genomics::make_slice(set, selection, c.store.limits()));
      MEDARC_ASSIGN(auto reader, c.store.open_admitted(link.content));
      MEDARC_ASSIGN(auto content,
                    genomics::open_slice(std::move(slice), std::move(reader), c.store.limits()));
      return sealed_stream(request, std::move(content.source), content.bytes, *key);
    }
  }
  MEDARC_ASSIGN(auto plain, c.store.open_admitted(link.content));
  MEDARC_ASSIGN(auto sealed, crypt4gh->seal(link.content, std::move(plain), *key));
  return serve_blob(request, std::move(sealed.reader), "application/octet-stream",
                    std::move(sealed.etag), std::nullopt);
}

}  // namespace medarc::web

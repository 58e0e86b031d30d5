// /htsget/reads and /htsget/variants: tickets, the data they point to, and service-info
// (htsget 1.3).
#include "base/bytes.h"
#include "genomics/bgzf.h"
#include "genomics/withheld.h"
#include "web/conditional.h"
#include "web/genomics/doors.h"
#include "web/genomics/drs_objects.h"
#include "web/genomics/encryption.h"
#include "web/genomics/htsget_cram.h"
#include "web/genomics/htsget_request.h"
#include "web/genomics/withheld.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using genomics::RecordForm;

constexpr std::string_view kTicketType = "application/vnd.ga4gh.htsget.v1.3.0+json; charset=utf-8";
constexpr std::string_view kServiceInfoId = "service-info";

Response no_coding(Response response) {
  response.headers.set("Cache-Control", "no-transform");
  return response;
}

// Of variants, the form they are not stored in.
RecordForm::Kind other_kind(const genomics::ReadSet& set) {
  return set.form.kind == RecordForm::Kind::bcf ? RecordForm::Kind::vcf : RecordForm::Kind::bcf;
}
std::string other_form(const genomics::ReadSet& set) {
  return other_kind(set) == RecordForm::Kind::bcf ? "bcf" : "vcf";
}

// Writes the urls of one ticket.
class Ticket {
 public:
  // `content`: whose bytes the links name, the file's or its sorted derivative's.
  Ticket(const GenomicsContext& context, const Request& request, const genomics::FileRow& row,
         const Digest& content)
      : context_(context), base_(request.base_url + "/htsget/data/") {
    link_.file = row.id;
    link_.content = content;
    link_.consent_version = row.consent.version;
    link_.expires = {now().us + static_cast<int64_t>(context.options.ticket_ttl_ms) * 1000};
  }

  // "data:" without a media type: known clients take no other form (H25).
  void add_inline(ByteView bytes, std::string_view part) {
    inlined_ += bytes.size();
    add("data:;base64," + to_base64(bytes), part);
  }
  bool fits_inline(uint64_t bytes) const {
    return inlined_ + bytes <= context_.options.inline_bytes_max;
  }
  void add_link(DataLink::Kind kind, ByteRange range, std::string_view part,
                const std::string& form = "") {
    DataLink link = link_;
    link.kind = kind;
    link.range = range;
    link.form = form;
    add(base_ + context_.links.seal(link), part);
  }
  // False: too long for a URL.
  bool add_part(const TicketPart& one) {
    if (const auto* bytes = std::get_if<Bytes>(&one.what)) {
      add_inline(*bytes, one.part);
      return true;
    }
    DataLink link = std::get<DataLink>(one.what);
    link.file = link_.file;
    link.content = link_.content;
    link.consent_version = link_.consent_version;
    link.expires = link_.expires;
    const std::string token = context_.links.seal(link);
    if (token.size() > kLinkBytesMax) return false;
    add(base_ + token, one.part);
    return true;
  }
  // Likewise. Errors: those of the block map.
  Result<bool> add_coded(const genomics::Piece& piece, const genomics::Slice& slice) {
    DataLink link = link_;
    link.kind = DataLink::Kind::coded;
    link.fragments = piece.fragments;
    link.everything = slice.everything;
    MEDARC_ASSIGN(link.regions, genomics::regions_of(piece, slice));
    MEDARC_ASSIGN(link.withheld, genomics::withheld_of(piece, slice));
    link.mask = slice.mask;
    if (slice.recoder) link.form = other_form(*slice.set);
    const std::string token = context_.links.seal(link);
    if (token.size() > kLinkBytesMax) return false;
    add(base_ + token, "body");
    return true;
  }
  // `withheld`: a member, or nothing.
  std::string take(std::string_view format, const std::string& withheld) {
    return "{\"htsget\":{\"format\":" + json_string(format) + ",\"urls\":[" + urls_ + "]" +
           withheld + "}}";
  }

 private:
  void add(const std::string& url, std::string_view part) {
    if (!urls_.empty()) urls_ += ',';
    urls_ += "{\"url\":" + json_string(url) + ",\"class\":" + json_string(part);
    // The link is all the credential there is (H24); but @gmod/bam takes apart what is not there.
    if (!url.starts_with("data:")) urls_ += ",\"headers\":{}";
    urls_ += '}';
  }
  const GenomicsContext& context_;
  const std::string base_;
  DataLink link_;
  std::string urls_;
  uint64_t inlined_ = 0;
};

// Whether it can be given as what is asked for.
Status check_format(const genomics::FileRow& row, const HtsgetKind& kind, std::string_view wanted) {
  const HtsgetKind& other = kind.masks ? kHtsgetVariants : kHtsgetReads;
  if (other.serves(row.format)) {
    return make_error(Code::not_found, "there are no " + std::string(kind.name) + " of this id");
  }
  if (!kind.serves(row.format)) {
    return make_error(Code::unsupported, "files of this format have no " + std::string(kind.name));
  }
  if (wanted == "CRAM" && row.format != "cram") {
    return make_error(Code::unsupported, "this file is given as BAM only");
  }
  return {};
}

// The endings an id may lack, the form that is asked for before the one it can be made from (H08).
std::vector<std::string_view> endings_of(std::string_view format) {
  if (format == "CRAM") return {".cram"};
  if (format == "VCF") return {".vcf.gz", ".bcf"};
  if (format == "BCF") return {".bcf", ".vcf.gz"};
  return {".bam", ".cram"};
}

// The file of this id; where there is none, the one whose id has the ending of a format beside it:
// "NA1" names the files NA1.bam and NA1.cram, and the format says which.
Result<genomics::FileRow> named_file(const GenomicsContext& c, const security::Principal& who,
                                     const std::string& id, std::string_view format) {
  auto row = c.store.file(who, genomics::FileId(id));
  if (row.has_value() || row.error().code != Code::not_found) return row;
  for (const std::string_view ending : endings_of(format)) {
    auto other = c.store.file(who, genomics::FileId(id + std::string(ending)));
    if (other.has_value()) return other;
  }
  return row;
}

// A DRS id names a file by its bytes, or by those of its sorted derivative.
Result<genomics::FileRow> file_asked(const GenomicsContext& c, const security::Principal& who,
                                     const std::string& text, std::string_view format) {
  const auto id = parse_drs_id(text);
  if (!id || !id->digest || id->bundle()) return named_file(c, who, text, format);
  MEDARC_ASSIGN(genomics::FileRow row, c.store.file(who, genomics::FileId(id->name)));
  MEDARC_ASSIGN(const DrsBlob blob, drs_blob_of(c, row, *id->digest));
  if (blob.role == DrsBlob::Role::own || blob.role == DrsBlob::Role::sorted) return row;
  return make_error(Code::not_found, "an index has no records");
}

Error too_many_regions() {
  return make_error(Code::too_large, "too many regions for one ticket: ask in several requests");
}

struct MadeTicket {
  std::string body;
  std::vector<genomics::Region> withheld;
};

Result<MadeTicket> cram_ticket_of(const GenomicsContext& c, const Request& request,
                                  const genomics::FileRow& row, const HtsgetRequest& asked,
                                  const std::string& format) {
  using Form = genomics::CramReads::Form;
  MEDARC_ASSIGN(const CramTicket parts, cram_ticket(c, at_genomics_door(request), row, asked,
                                                    format == "CRAM" ? Form::cram : Form::bam));
  Ticket ticket(c, request, row, row.blob);
  for (const TicketPart& one : parts.parts) {
    if (!ticket.add_part(one)) return too_many_regions();
  }
  return MadeTicket{ticket.take(format, withheld_member(c, parts.set->header, parts.withheld)),
                    parts.withheld};
}

Result<MadeTicket> ticket_of(const GenomicsContext& c, const Request& request,
                             const HtsgetKind& kind, const HtsgetRequest& asked) {
  const auto who = at_genomics_door(request);
  // BAM and VCF, which every client reads, unless something else is asked for (H08).
  const std::string format(asked.format.empty() ? kind.formats.front() : asked.format);
  MEDARC_ASSIGN(const genomics::FileRow row, file_asked(c, who, request.captures.at(0), format));
  MEDARC_TRY(check_format(row, kind, format));
  if (asked.encrypted) {
    MEDARC_ASSIGN(std::string sealed, sealed_ticket(c, request, row, format, asked));
    return MadeTicket{std::move(sealed), {}};
  }
  if (row.format == "cram") return cram_ticket_of(c, request, row, asked, format);
  MEDARC_ASSIGN(const auto set, c.store.read_set(who, row));
  MEDARC_ASSIGN(genomics::Selection selection, selection_of(asked, set->header));
  if (format == "VCF") selection.form = RecordForm::Kind::vcf;
  if (format == "BCF") selection.form = RecordForm::Kind::bcf;
  const auto made = genomics::make_slice(set, selection, c.store.limits());
  if (made.has_error()) return c.store.not_sliced(row, made.error());
  const genomics::Slice& slice = *made;
  MEDARC_TRY(c.store.admit_slice(who, row, *set, selection));
  Ticket ticket(c, request, row, set->content);
  MadeTicket out;
  out.withheld = genomics::withheld_in(slice.withheld, selection.regions);
  const auto taken = [&] {
    out.body = ticket.take(format, withheld_member(c, set->header, out.withheld));
    return std::move(out);
  };
  const Bytes& header = genomics::header_blocks(slice);
  if (ticket.fits_inline(header.size())) {
    ticket.add_inline(header, "header");
  } else {
    ticket.add_link(DataLink::Kind::header, {}, "header", slice.recoder ? other_form(*set) : "");
  }
  // The whole answer for the header alone: then the end marker belongs to it (H23).
  if (asked.header_only) {
    ticket.add_inline(genomics::kBgzfEof, "header");
    return taken();
  }
  std::unique_ptr<archive::BlobReader> reader;
  uint64_t coded_here = 0;
  for (const genomics::Piece& piece : slice.plan.pieces) {
    if (piece.verbatim.length > 0) {
      ticket.add_link(DataLink::Kind::range, piece.verbatim, "body");
      continue;
    }
    // Small pieces travel in the ticket: a request less.
    const bool small = ticket.fits_inline(piece.plain_bytes) &&
                       coded_here + piece.plain_bytes <= c.options.inline_coded_bytes_max;
    if (!small) {
      MEDARC_ASSIGN(const bool linked, ticket.add_coded(piece, slice));
      if (linked) continue;
    }
    coded_here += piece.plain_bytes;
    if (coded_here > c.store.limits().recode_eager_bytes_max + c.options.inline_bytes_max) {
      return too_many_regions();
    }
    if (!reader) {
      MEDARC_ASSIGN(reader, c.store.open_admitted(set->content));
    }
    MEDARC_ASSIGN(const Bytes coded, genomics::recode(piece, slice, *reader));
    if (!coded.empty()) ticket.add_inline(coded, "body");
  }
  ticket.add_inline(genomics::kBgzfEof, "body");
  return taken();
}

// Errors in htsget's own form, 401 too: that is why these routes let strangers in this far (H03,
// H04).
Response refused(const HtsgetError& error) {
  Response response = no_coding(htsget_answer(error));
  if (error.status == 401) response.headers.set("WWW-Authenticate", "Bearer realm=\"medarc\"");
  return response;
}

std::optional<HtsgetError> stranger(const Request& request) {
  if (!request.principal.id.empty()) return std::nullopt;
  return HtsgetError{401, "InvalidAuthentication", "no credentials that are known here"};
}

Response ticket_answer(const GenomicsContext& c, const Request& request, const HtsgetKind& kind,
                       const HtsgetParsed& parsed) {
  if (parsed.error) return refused(*parsed.error);
  const auto ticket = ticket_of(c, request, kind, parsed.request);
  if (ticket.has_error()) return refused(htsget_error(ticket.error()));
  Response response = make_response(200, std::string(kTicketType), ticket->body);
  say_withheld(response, ticket->withheld);
  response.headers.set("Cache-Control", "no-store, no-transform");
  return response;
}

Result<Response> data_answer(const GenomicsContext& c, const Request& request) {
  MEDARC_ASSIGN(const DataLink link, c.links.open(request.captures.at(0)));
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.planned_file(link.file, link.consent_version));
  if (!link.sealed.empty()) return sealed_data(c, request, row, link);
  if (row.format == "cram") return cram_data(c, request, row, link);
  MEDARC_ASSIGN(const auto set, c.store.planned_set(row));
  if (set->content != link.content) {
    return make_error(Code::gone, "the file was replaced, or sorted: ask for a new ticket");
  }
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(link.content));
  genomics::Slice slice{set, link.everything, link.regions, link.mask, link.withheld};
  if (!link.form.empty()) {
    MEDARC_ASSIGN(slice.recoder,
                  genomics::VariantRecoder::make(*set, other_kind(*set), c.store.limits()));
  }
  Bytes bytes;
  switch (link.kind) {
    case DataLink::Kind::range: {
      if (link.range.end() > reader->size())
        return make_error(Code::internal, "a range outside its file");
      return serve_blob(request, std::move(reader), std::string("application/octet-stream"), "",
                        std::nullopt, link.range);
    }
    case DataLink::Kind::whole:
    case DataLink::Kind::cram: return make_error(Code::not_found, "the link is no htsget link");
    case DataLink::Kind::header: bytes = genomics::header_blocks(slice); break;
    case DataLink::Kind::coded: {
      genomics::Piece piece;
      piece.fragments = link.fragments;
      MEDARC_ASSIGN(bytes, genomics::recode(piece, slice, *reader));
      break;
    }
  }
  Representation thing;
  thing.content_type = "application/octet-stream";
  thing.bytes = bytes.size();
  thing.open = [&bytes](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
    return std::unique_ptr<ByteSource>(
        std::make_unique<StringSource>(bytes.substr(range.begin, range.length)));
  };
  return no_coding(serve(request, thing));
}

Answer post(const GenomicsContextPtr& c, const Request& request, const HtsgetKind& kind) {
  if (const auto error = stranger(request)) return refused(*error);
  if (!request.query.empty()) {
    return refused({400, "InvalidInput", "a POST request has its parameters in the body"});
  }
  return collect_body(request, c->options.post_bytes_max, "genomics.post_bytes_max",
                      [c, request, &kind](Result<Bytes> body) {
                        if (body.has_error()) return refused(htsget_error(body.error()));
                        return ticket_answer(*c, request, kind,
                                             parse_htsget_body(*body, c->store.limits().regions_max,
                                                               c->options, kind));
                      });
}

Response service_info(const Request& request, const HtsgetKind& kind) {
  std::string formats;
  for (const std::string_view one : kind.formats) {
    formats += (formats.empty() ? "" : ",") + json_string(one);
  }
  const std::string effective = kind.masks ? "true" : "false";
  return make_response(
      200, "application/json",
      "{\"id\":\"medarc.htsget." + std::string(kind.name) +
          "\",\"name\":\"Medarc htsget\",\"type\":{\"group\":\"org.ga4gh\","
          "\"artifact\":\"htsget\",\"version\":\"1.3.0\"},\"organization\":{\"name\":\"Medarc\","
          "\"url\":" +
          json_string(request.base_url) +
          "},\"version\":\"1\",\"htsget\":{\"datatype\":" + json_string(kind.name) +
          ",\"formats\":[" + formats + "],\"fieldsParameterEffective\":" + effective +
          ",\"tagsParametersEffective\":" + effective + "}}");
}

Answer get(const GenomicsContextPtr& c, const Request& request, const HtsgetKind& kind) {
  if (const auto error = stranger(request)) return refused(*error);
  if (request.captures.at(0) == kServiceInfoId) return service_info(request, kind);
  return ticket_answer(*c, request, kind, parse_htsget_query(request, c->options, kind));
}

}  // namespace

void add_htsget_routes(const GenomicsContextPtr& c, std::vector<Route>& out) {
  for (const HtsgetKind* kind : {&kHtsgetReads, &kHtsgetVariants}) {
    const std::string name(kind->name), path = "/htsget/" + name + "/{id...}";
    Route ask{"GET", path, "htsget ticket for " + name + " (service-info below it)",
              [c, kind](const Request& request) { return get(c, request, *kind); }};
    ask.open = true;  // only to refuse strangers in htsget's own form
    out.push_back(std::move(ask));
    Route ticket{"POST", path, "htsget ticket for " + name + " of several regions",
                 [c, kind](const Request& request) { return post(c, request, *kind); }};
    ticket.body_bytes_max = 0;
    ticket.open = true;
    out.push_back(std::move(ticket));
  }
  Route data{"GET", "/htsget/data/{link}", "What an htsget ticket points to",
             [c](const Request& request) -> Answer {
               auto made = data_answer(*c, request);
               return made.has_error() ? refused(htsget_error(made.error())) : std::move(*made);
             }};
  data.open = true;  // the link is its own credential (H24)
  out.push_back(std::move(data));
}

}  // namespace medarc::web

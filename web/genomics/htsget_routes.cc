// /htsget/reads: tickets, the data they point to, and service-info (htsget 1.3).
#include "base/bytes.h"
#include "genomics/bgzf.h"
#include "web/conditional.h"
#include "web/genomics/doors.h"
#include "web/genomics/htsget_request.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

constexpr std::string_view kTicketType =
    "application/vnd.ga4gh.htsget.v1.3.0+json; charset=utf-8";
constexpr std::string_view kServiceInfoId = "service-info";
constexpr size_t kLinkBytesMax = 6'000;  // of a data URL's token: URLs have to fit into a request line

Response no_coding(Response response) {
  response.headers.set("Cache-Control", "no-transform");
  return response;
}

// Writes the urls of one ticket.
class Ticket {
 public:
  Ticket(const GenomicsContext& context, const Request& request, const genomics::FileRow& row)
      : context_(context), base_(request.base_url + "/htsget/data/") {
    link_.file = row.id;
    link_.content = row.blob;
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
  void add_link(DataLink::Kind kind, ByteRange range, std::string_view part) {
    DataLink link = link_;
    link.kind = kind;
    link.range = range;
    add(base_ + context_.links.seal(link), part);
  }
  // False: too long for a URL.
  bool add_coded(const genomics::Piece& piece, const genomics::Slice& slice) {
    DataLink link = link_;
    link.kind = DataLink::Kind::coded;
    link.fragments = piece.fragments;
    link.regions = genomics::regions_of(piece, slice);
    link.mask = slice.mask;
    const std::string token = context_.links.seal(link);
    if (token.size() > kLinkBytesMax) return false;
    add(base_ + token, "body");
    return true;
  }
  std::string take() { return "{\"htsget\":{\"format\":\"BAM\",\"urls\":[" + urls_ + "]}}"; }

 private:
  void add(const std::string& url, std::string_view part) {
    if (!urls_.empty()) urls_ += ',';
    urls_ += "{\"url\":" + json_string(url) + ",\"class\":" + json_string(part) + "}";
  }
  const GenomicsContext& context_;
  const std::string base_;
  DataLink link_;
  std::string urls_;
  uint64_t inlined_ = 0;
};

Result<std::string> ticket_of(const GenomicsContext& c, const Request& request,
                              const HtsgetRequest& asked) {
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FileRow row,
                c.store.file(who, genomics::FileId(request.captures.at(0))));
  MEDARC_ASSIGN(const auto set, c.store.read_set(row));
  MEDARC_ASSIGN(const genomics::Selection selection, selection_of(asked, set->header));
  MEDARC_ASSIGN(const auto slice, genomics::make_slice(set, selection, c.store.limits()));
  MEDARC_TRY(c.store.admit_slice(who, row, *set, selection));
  Ticket ticket(c, request, row);
  const Bytes& header = set->map.header_blocks();
  if (ticket.fits_inline(header.size())) {
    ticket.add_inline(header, "header");
  } else {
    ticket.add_link(DataLink::Kind::header, {}, "header");
  }
  // The whole answer for the header alone: then the end marker belongs to it (H23).
  if (asked.header_only) {
    ticket.add_inline(genomics::kBgzfEof, "header");
    return ticket.take();
  }
  std::unique_ptr<archive::BlobReader> reader;
  uint64_t coded_here = 0;
  for (const genomics::Piece& piece : slice.plan.pieces) {
    if (piece.verbatim.length > 0) {
      ticket.add_link(DataLink::Kind::range, piece.verbatim, "body");
      continue;
    }
    // Small pieces travel in the ticket: a request less, and what they hold is known already.
    const bool small = ticket.fits_inline(piece.plain_bytes) &&
                       coded_here + piece.plain_bytes <= c.options.inline_bytes_max;
    if (!small && ticket.add_coded(piece, slice)) continue;
    coded_here += piece.plain_bytes;
    if (coded_here > c.store.limits().recode_eager_bytes_max + c.options.inline_bytes_max) {
      return make_error(Code::too_large, "too many regions for one ticket: ask in several requests");
    }
    if (!reader) {
      MEDARC_ASSIGN(reader, c.store.open_admitted(set->content));
    }
    MEDARC_ASSIGN(const Bytes coded, genomics::recode(piece, slice, *reader));
    if (!coded.empty()) ticket.add_inline(coded, "body");
  }
  ticket.add_inline(genomics::kBgzfEof, "body");
  return ticket.take();
}

Response ticket_answer(const GenomicsContext& c, const Request& request, const HtsgetParsed& parsed) {
  if (parsed.error) return no_coding(htsget_answer(*parsed.error));
  const auto ticket = ticket_of(c, request, parsed.request);
  if (ticket.has_error()) return no_coding(htsget_answer(htsget_error(ticket.error())));
  Response response = make_response(200, std::string(kTicketType), *ticket);
  response.headers.set("Cache-Control", "no-store, no-transform");
  return response;
}

Result<Response> data_answer(const GenomicsContext& c, const Request& request) {
  MEDARC_ASSIGN(const DataLink link, c.links.open(request.captures.at(0)));
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file_admitted(link.file));
  if (row.blob != link.content) return make_error(Code::gone, "the file was replaced: ask for a new ticket");
  MEDARC_ASSIGN(const auto set, c.store.read_set(row));
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(link.content));
  Bytes bytes;
  switch (link.kind) {
    case DataLink::Kind::range: {
      if (link.range.end() > reader->size()) return make_error(Code::internal, "a range outside its file");
      return serve_blob(request, std::move(reader), std::string("application/octet-stream"), "",
                        std::nullopt, link.range);
    }
    case DataLink::Kind::header: bytes = set->map.header_blocks(); break;
    case DataLink::Kind::coded: {
      genomics::Piece piece;
      piece.fragments = link.fragments;
      const genomics::Slice slice{set, link.regions, link.mask, {}};
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

// A POST body, collected up to the limit; more is read on and answered as htsget answers it (H21).
class PostBody final : public BodyHandler {
 public:
  PostBody(GenomicsContextPtr context, Request request)
      : context_(std::move(context)), request_(std::move(request)) {}

  Status body(ByteView bytes) override {
    read_ += bytes.size();
    const uint64_t max = context_->options.post_bytes_max;
    if (read_ <= max) {
      body_.append(bytes);
      return {};
    }
    if (read_ > 16 * max) return make_error(Code::too_large, "the body is over genomics.post_bytes_max");
    return {};
  }

  Response finish() override {
    if (read_ > context_->options.post_bytes_max) return too_large();
    return ticket_answer(*context_, request_,
                         parse_htsget_body(body_, context_->store.limits().regions_max));
  }
  static Response too_large() {
    return htsget_answer({413, "PayloadTooLarge", "the body is over genomics.post_bytes_max"});
  }

 private:
  const GenomicsContextPtr context_;
  const Request request_;
  Bytes body_;
  uint64_t read_ = 0;
};

Answer post(const GenomicsContextPtr& c, const Request& request) {
  if (!request.query.empty()) {
    return htsget_answer({400, "InvalidInput", "a POST request has its parameters in the body"});
  }
  if (request.body_bytes > c->options.post_bytes_max) return PostBody::too_large();
  return std::make_unique<PostBody>(c, request);
}

Response service_info(const Request& request) {
  const std::string base = json_string(request.base_url);
  return make_response(
      200, "application/json",
      "{\"id\":\"medarc.htsget.reads\",\"name\":\"Medarc htsget\",\"type\":{\"group\":\"org.ga4gh\","
      "\"artifact\":\"htsget\",\"version\":\"1.3.0\"},\"organization\":{\"name\":\"Medarc\",\"url\":" +
          base + "},\"version\":" + "\"1\"" +
          ",\"htsget\":{\"datatype\":\"reads\",\"formats\":[\"BAM\"],"
          "\"fieldsParameterEffective\":true,\"tagsParametersEffective\":true}}");
}

}  // namespace

void add_htsget_routes(const GenomicsContextPtr& c, std::vector<Route>& out) {
  out.push_back({"GET", "/htsget/reads/{id...}", "htsget ticket for reads (service-info below it)",
                 [c](const Request& request) -> Answer {
                   if (request.captures.at(0) == kServiceInfoId) return service_info(request);
                   return ticket_answer(*c, request, parse_htsget_query(request, c->options));
                 }});
  Route ticket{"POST", "/htsget/reads/{id...}", "htsget ticket for reads of several regions",
               [c](const Request& request) { return post(c, request); }};
  ticket.body_bytes_max = 0;
  out.push_back(std::move(ticket));
  Route data{"GET", "/htsget/data/{link}", "What an htsget ticket points to",
             [c](const Request& request) -> Answer {
               auto made = data_answer(*c, request);
               return made.has_error() ? no_coding(htsget_answer(htsget_error(made.error())))
                                       : std::move(*made);
             }};
  data.open = true;  // the link is its own credential (H24)
  out.push_back(std::move(data));
}

}  // namespace medarc::web

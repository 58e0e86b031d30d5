#include "web/genomics/htsget_cram.h"

#include "genomics/masked_bam.h"
#include "genomics/withheld.h"
#include "web/conditional.h"

namespace medarc::web {
namespace {

using genomics::CramPiece;
using genomics::CramReads;

constexpr const char* kOctets = "application/octet-stream";
constexpr size_t kReadBytes = 256u << 10;
constexpr std::string_view kBamForm = "bam";

Response whole(const Request& request, Bytes bytes) {
  Representation thing;
  thing.content_type = kOctets;
  thing.bytes = bytes.size();
  thing.open = [&bytes](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
    return std::unique_ptr<ByteSource>(
        std::make_unique<StringSource>(bytes.substr(range.begin, range.length)));
  };
  return serve(request, thing);
}

Result<Bytes> all_of(ByteSource& source) {
  Bytes out;
  for (;;) {
    const size_t before = out.size();
    out.resize(before + kReadBytes);
    MEDARC_ASSIGN(const size_t n, source.read(out.data() + before, kReadBytes));
    out.resize(before + n);
    if (n == 0) return out;
  }
}

DataLink link_of(CramPiece piece, CramReads::Form form) {
  DataLink link;
  if (piece.coded) {
    link.kind = DataLink::Kind::cram;
    link.ranges = std::move(piece.ranges);
    link.regions = std::move(piece.regions);
    link.withheld = std::move(piece.withheld);
    if (form == CramReads::Form::bam) link.form = kBamForm;
  } else {
    link.kind = DataLink::Kind::range;
    link.range = piece.ranges.at(0);
  }
  return link;
}

Result<Response> coded(const GenomicsContext& c, const Request& request,
                       const genomics::CramSet& set, const DataLink& link, CramReads::Form form) {
  const CramPiece piece{true, link.ranges, link.regions, link.withheld, 0};
  MEDARC_ASSIGN(auto content, c.store.crams().coded(set, piece, form));
  if (link.mask.active()) {
    content.source =
        genomics::masked_bam(std::move(content.source), set.header, link.mask, c.store.limits());
    if (content.bytes) {
      MEDARC_ASSIGN(Bytes bytes, all_of(*content.source));
      return whole(request, std::move(bytes));
    }
  }
  if (content.bytes) {
    Representation thing;
    thing.content_type = kOctets;
    thing.bytes = *content.bytes;
    thing.open = [&content](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
      return part_of(std::move(content.source), range);
    };
    return serve(request, thing);
  }
  // Made while it is sent: its length is not known.
  Response response = make_response(200, kOctets, {});
  if (request.method != "HEAD") response.body = std::move(content.source);
  return response;
}

}  // namespace

Result<CramTicket> cram_ticket(const GenomicsContext& c, const genomics::Asker& who,
                               const genomics::FileRow& row, const HtsgetRequest& asked,
                               CramReads::Form form) {
  if (asked.mask.active() && form == CramReads::Form::cram) {
    return make_error(Code::unsupported,
                      "fields and tags of a CRAM file are left out in BAM only: format=BAM");
  }
  CramReads& crams = c.store.crams();
  MEDARC_ASSIGN(const auto set, crams.load(row));
  MEDARC_ASSIGN(auto selection, selection_of(asked, set->header));
  MEDARC_ASSIGN(const CramReads::Wanted admitted,
                crams.admit(who, *set, {std::move(selection.regions), form, true}));
  CramTicket ticket{set, {}, genomics::withheld_in(admitted.withheld, admitted.regions)};
  std::vector<TicketPart>& out = ticket.parts;
  MEDARC_ASSIGN(Bytes header, crams.header(*set, form));
  const uint64_t header_bytes = header.size();
  if (header_bytes <= c.options.inline_bytes_max) {
    out.push_back({"header", std::move(header)});
  } else {
    DataLink link;
    link.kind = DataLink::Kind::header;
    if (form == CramReads::Form::bam) link.form = kBamForm;
    out.push_back({"header", std::move(link)});
  }
  MEDARC_ASSIGN(Bytes end, crams.end(*set, form));
  // The whole answer for the header alone: then the end belongs to it (H23).
  if (asked.header_only) {
    out.push_back({"header", std::move(end)});
    return ticket;
  }
  for (CramPiece& piece : crams.plan(*set, admitted)) {
    DataLink link = link_of(std::move(piece), form);
    link.mask = asked.mask;
    out.push_back({"body", std::move(link)});
  }
  out.push_back({"body", std::move(end)});
  return ticket;
}

Result<Response> cram_data(const GenomicsContext& c, const Request& request,
                           const genomics::FileRow& row, const DataLink& link) {
  if (row.blob != link.content) {
    return make_error(Code::gone, "the file was replaced: ask for a new ticket");
  }
  const auto form = link.form == kBamForm ? CramReads::Form::bam : CramReads::Form::cram;
  if (link.kind == DataLink::Kind::range) {
    MEDARC_ASSIGN(auto reader, c.store.open_admitted(link.content));
    if (link.range.end() > reader->size()) {
      return make_error(Code::internal, "a range outside its file");
    }
    return serve_blob(request, std::move(reader), kOctets, "", std::nullopt, link.range);
  }
  MEDARC_ASSIGN(const auto set, c.store.crams().load(row));
  if (link.kind == DataLink::Kind::cram) return coded(c, request, *set, link, form);
  if (link.kind != DataLink::Kind::header) {
    return make_error(Code::not_found, "the link is of no CRAM file");
  }
  MEDARC_ASSIGN(Bytes header, c.store.crams().header(*set, form));
  return whole(request, std::move(header));
}

}  // namespace medarc::web

// /genomics/files/{id}/slice: the records of some regions as one file of the same format, in one
// request; /genomics/files/{id}/plan: what that takes.
#include <fmt/format.h>

#include "archive/hash.h"
#include "genomics/slice_report.h"
#include "records/document_reference.h"
#include "web/conditional.h"
#include "web/genomics/doors.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

// Part of every slice's tag: raised when the same selection gives other bytes than before.
constexpr std::string_view kCoderVersion = "2";

std::string etag_of(const genomics::Slice& slice) {
  archive::Sha256 hash;
  hash.update(kCoderVersion);
  hash.update(slice.set->content.view());
  for (const genomics::Region& r : slice.regions) {
    hash.update(std::to_string(r.tid) + ":" + std::to_string(r.begin) + "-" +
                std::to_string(r.end) + ";");
  }
  return hash.finish().hex().substr(0, 32);
}

Result<Response> answer(const GenomicsContext& c, const Request& request,
                        const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(request, {"region", "format", "strict"}));
  MEDARC_TRY(check_strict(request));
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, id));
  if (const auto format = request.query_value("format"); !format.empty() && format != row.format) {
    return make_error(Code::unsupported, "format: slices of this file are given as " + row.format);
  }
  MEDARC_ASSIGN(const auto set, c.store.read_set(row));
  MEDARC_ASSIGN(const genomics::Selection selection, regions_asked(request, *set));
  MEDARC_ASSIGN(auto slice, genomics::make_slice(set, selection, c.store.limits()));
  MEDARC_TRY(c.store.admit_slice(who, row, *set, selection));
  const std::string etag = etag_of(slice);
  if (auto early = check_preconditions(request, etag)) return std::move(*early);
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(set->content));
  MEDARC_ASSIGN(auto content,
                genomics::open_slice(std::move(slice), std::move(reader), c.store.limits()));
  const std::string type = records::media_type_of(row);
  const std::string name = (row.name.empty() ? id.value : row.name) + ".slice." +
                           (row.format == "vcf" ? "vcf.gz" : row.format);
  if (content.bytes) {
    Representation thing{type, etag, *content.bytes, name, {}};
    thing.open = [&content](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
      return part_of(std::move(content.source), range);
    };
    return serve(request, thing);
  }
  // So much has to be coded again that it is made while it is sent: its length is not known.
  Response response;
  response.headers.set("Content-Type", type);
  response.headers.set("ETag", '"' + etag + '"');
  response.headers.set("Content-Disposition", attachment(name));
  if (request.method != "HEAD") response.body = std::move(content.source);
  return response;
}

Result<Response> plan(const GenomicsContext& c, const Request& request,
                      const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(request, {"region", "strict"}));
  MEDARC_TRY(check_strict(request));
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, id));
  MEDARC_ASSIGN(const auto set, c.store.read_set(row));
  MEDARC_ASSIGN(const genomics::Selection selection, regions_asked(request, *set));
  MEDARC_ASSIGN(const auto slice, genomics::make_slice(set, selection, c.store.limits()));
  MEDARC_TRY(c.store.admit_slice(who, row, *set, selection));
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(set->content));
  MEDARC_ASSIGN(const genomics::SliceReport r,
                genomics::report_slice(slice, *reader, c.store.limits()));
  return make_response(
      200, "application/json",
      fmt::format(
          R"({{"format":"{}","strict":true,"blocks":{},"recordsSent":{},"recordsWithheld":{},)"
          R"("headerBytes":{},"verbatimBytes":{},"recodedPlainBytes":{},"recodedBytes":{},)"
          R"("bodyBytes":{},"floorBytes":{},"ratio":{:.4f}}})",
          row.format, r.blocks, r.records_sent, r.records_withheld, r.header_bytes,
          r.verbatim_bytes, r.recoded_plain_bytes, r.recoded_bytes, r.body_bytes(), r.floor_bytes,
          r.ratio()));
}

}  // namespace

Result<genomics::Selection> regions_asked(const Request& request, const genomics::ReadSet& set) {
  genomics::Selection selection;
  for (const auto& [name, value] : request.query) {
    if (name != "region") continue;
    if (!selection.regions) selection.regions.emplace();
    MEDARC_ASSIGN(const auto region, genomics::parse_samtools_region(value, set.header));
    selection.regions->push_back(region);
  }
  return selection;
}

Status check_strict(const Request& request) {
  const auto strict = request.query_value("strict");
  if (strict.empty() || strict == "true" || strict == "false") return {};
  return make_error(Code::invalid_argument, "strict: true or false (slices are exact either way)");
}

Answer plan_answer(const GenomicsContext& c, const Request& request, const genomics::FileId& id) {
  auto made = plan(c, request, id);
  return made.has_error() ? problem(made.error()) : std::move(*made);
}

Answer slice_answer(const GenomicsContext& c, const Request& request, const genomics::FileId& id) {
  auto made = answer(c, request, id);
  return made.has_error() ? problem(made.error()) : std::move(*made);
}

}  // namespace medarc::web

// /genomics/files/{id}/depth?region=&bins=: mean depth in bins of 2^k bases, from the depth track
// made at ingest (genomics/DEPTH.md), and /genomics/files/{id}/quality: everything that was counted
// at ingest.
#include <fmt/format.h>

#include <algorithm>

#include "genomics/depth_track.h"
#include "genomics/withheld.h"
#include "web/genomics/doors.h"
#include "web/genomics/withheld.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

Result<Response> depth(const GenomicsContext& c, const Request& request,
                       const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(request, {"region", "bins"}));
  const auto bins = parse_decimal(request.query_value("bins"));
  if (!bins || *bins == 0 || *bins > c.options.depth_bins_max) {
    return make_error(Code::invalid_argument,
                      fmt::format("bins: how many at most, 1 to {}", c.options.depth_bins_max));
  }
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, id));
  MEDARC_ASSIGN(auto reader, c.store.masked_attachment(who, row, "depth"));
  MEDARC_ASSIGN(const auto set, c.store.read_set(who, row));
  MEDARC_ASSIGN(const genomics::Region region, one_region(request, set->header));
  if (region.tid < 0) {
    return make_error(Code::invalid_argument, "region: reads without a place have no depth");
  }
  MEDARC_ASSIGN(const auto track, genomics::DepthTrack::open(std::move(reader)));
  MEDARC_ASSIGN(const auto found, track.bins(region, static_cast<uint32_t>(*bins)));
  const genomics::Reference& reference = set->header.references[static_cast<size_t>(region.tid)];
  const uint64_t end = found.begin + found.bin_bases * found.means.size();
  const auto withheld = genomics::withheld_in(
      set->withheld, std::vector{genomics::Region{
                         region.tid, static_cast<uint32_t>(found.begin),
                         static_cast<uint32_t>(std::min<uint64_t>(end, genomics::kToTheEnd))}});
  std::string body =
      fmt::format(R"({{"reference":{},"length":{},"begin":{},"binBases":{}{},"depth":[)",
                  json_string(reference.name), reference.bases, found.begin, found.bin_bases,
                  withheld_member(c, set->header, withheld));
  // The track was counted over all reads: nothing is said where withheld ones may lie.
  MEDARC_ASSIGN(const auto unsaid, genomics::withheld_reach(*set));
  for (size_t i = 0; i < found.means.size(); ++i) {
    const uint64_t from = found.begin + i * found.bin_bases, to = from + found.bin_bases;
    const bool hidden = std::any_of(unsaid.begin(), unsaid.end(), [&](const genomics::Region& r) {
      return r.tid == region.tid && from < r.end && r.begin < to;
    });
    if (i > 0) body += ',';
    if (hidden) {
      body += "null";
    } else {
      fmt::format_to(std::back_inserter(body), "{:.4g}", found.means[i]);
    }
  }
  Response response = make_response(200, "application/json", body + "]}");
  say_withheld(response, withheld);
  return response;
}

Result<Response> quality(const GenomicsContext& c, const Request& request,
                         const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(request, {}));
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, id));
  MEDARC_ASSIGN(auto reader, c.store.attachment(who, row, "quality"));
  return serve_blob(request, std::move(reader), "application/json",
                    index::attachment(row, "quality")->blob.hex(), std::nullopt);
}

}  // namespace

Answer depth_answer(const GenomicsContext& c, const Request& request, const genomics::FileId& id) {
  if (request.query_value("bins").empty()) return base_depth_answer(c, request, id);
  return answered(depth(c, request, id));
}

Answer quality_answer(const GenomicsContext& c, const Request& request,
                      const genomics::FileId& id) {
  return answered(quality(c, request, id));
}

}  // namespace medarc::web

// /genomics/files/{id}/plan: what a slice takes.
#include <fmt/format.h>

#include "genomics/slice_report.h"
#include "genomics/withheld.h"
#include "web/genomics/doors.h"
#include "web/genomics/withheld.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

Result<Response> answer(const GenomicsContext& c, const Request& request,
                        const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(request, {"region", "strict"}));
  MEDARC_ASSIGN([[maybe_unused]] const bool exact, flag_parameter(request, "strict", true));
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, id));
  MEDARC_ASSIGN(const auto set, c.store.read_set(who, row));
  MEDARC_ASSIGN(const genomics::Selection selection, regions_asked(request, set->header));
  const auto slice = genomics::make_slice(set, selection, c.store.limits());
  if (slice.has_error()) return c.store.not_sliced(row, slice.error());
  MEDARC_TRY(c.store.admit_slice(who, row, *set, selection));
  MEDARC_ASSIGN(auto reader, c.store.open_admitted(set->content));
  MEDARC_ASSIGN(const genomics::SliceReport r,
                genomics::report_slice(*slice, *reader, c.store.limits()));
  const auto withheld = genomics::withheld_in(slice->withheld, selection.regions);
  Response response = make_response(
      200, "application/json",
      fmt::format(
          R"({{"format":"{}","strict":true,"blocks":{},"recordsSent":{},"recordsWithheld":{},)"
          R"("headerBytes":{},"verbatimBytes":{},"recodedPlainBytes":{},"recodedBytes":{},)"
          R"("bodyBytes":{},"floorBytes":{},"ratio":{:.4f}{}}})",
          row.format, r.blocks, r.records_sent, r.records_withheld, r.header_bytes,
          r.verbatim_bytes, r.recoded_plain_bytes, r.recoded_bytes, r.body_bytes(), r.floor_bytes,
          r.ratio(), withheld_member(c, set->header, withheld)));
  say_withheld(response, withheld);
  return response;
}

}  // namespace

Answer plan_answer(const GenomicsContext& c, const Request& request, const genomics::FileId& id) {
  return answered(answer(c, request, id));
}

}  // namespace medarc::web

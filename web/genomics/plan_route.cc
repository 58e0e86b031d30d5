// /genomics/files/{id}/plan: what a slice takes.
#include <fmt/format.h>

#include "genomics/slice_report.h"
#include "genomics/withheld.h"
#include "web/genomics/doors.h"
#include "web/genomics/withheld.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

// Of CRAM, containers are what goes out whole or is coded again: codes what the slice would.
Result<Response> cram_answer(const GenomicsContext& c, const Request& request,
                             const genomics::FileRow& row, bool exact) {
  genomics::CramReads& crams = c.store.crams();
  MEDARC_ASSIGN(const auto set, crams.load(row));
  MEDARC_ASSIGN(auto asked, regions_asked(request, set->header));
  MEDARC_ASSIGN(const genomics::CramReads::Wanted wanted,
                crams.admit(at_genomics_door(request), *set,
                            {std::move(asked.regions), genomics::CramReads::Form::cram, exact}));
  uint64_t containers = 0, coded_containers = 0, verbatim = 0, source = 0, coded = 0;
  for (const genomics::CramPiece& piece : crams.plan(*set, wanted)) {
    containers += piece.containers;
    if (!piece.coded) {
      verbatim += piece.bytes();
      continue;
    }
    coded_containers += piece.containers;
    source += piece.bytes();
    const Error too_much = make_error(
        Code::too_large,
        "more than genomics.recode_eager_bytes_max to code again: ask for less at a time");
    if (source > c.store.limits().recode_eager_bytes_max) return too_much;
    MEDARC_ASSIGN(const auto content, crams.coded(*set, piece, wanted.form));
    if (!content.bytes) return too_much;
    coded += *content.bytes;
  }
  const uint64_t body = verbatim + coded, floor = verbatim + source;
  const auto withheld = genomics::withheld_in(wanted.withheld, wanted.regions);
  Response response = make_response(
      200, "application/json",
      fmt::format(R"({{"format":"cram","strict":{},"containers":{},"containersVerbatim":{},)"
                  R"("containersRecoded":{},"headerBytes":{},"verbatimBytes":{},)"
                  R"("recodedSourceBytes":{},"recodedBytes":{},"bodyBytes":{},"floorBytes":{},)"
                  R"("ratio":{:.4f}{}}})",
                  exact, containers, containers - coded_containers, coded_containers,
                  set->body.begin, verbatim, source, coded, body, floor,
                  floor == 0 ? 1.0 : static_cast<double>(body) / static_cast<double>(floor),
                  withheld_member(c, set->header, withheld)));
  say_withheld(response, withheld);
  return response;
}

Result<Response> answer(const GenomicsContext& c, const Request& request,
                        const genomics::FileId& id) {
  MEDARC_TRY(check_parameters(request, {"region", "strict"}));
  MEDARC_ASSIGN(const bool exact, flag_parameter(request, "strict", true));
  const auto who = at_genomics_door(request);
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, id));
  if (row.format == "cram") return cram_answer(c, request, row, exact);
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

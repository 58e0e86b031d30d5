// POST /genomics/files/{id}/index: an index that somebody has of the file, checked against ours.
#include "genomics/index_check.h"
#include "web/genomics/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

constexpr std::string_view kPart = "/index";

Result<Response> check(const GenomicsContext& c, const genomics::Asker& who,
                       const genomics::FileId& id, ByteView theirs) {
  MEDARC_ASSIGN(const genomics::FileRow row, c.store.file(who, id));
  MEDARC_ASSIGN(const auto reader, c.store.index_file(who, row));
  Bytes own(reader->size(), '\0');
  MEDARC_TRY(reader->read({0, own.size()}, own.data()));
  MEDARC_ASSIGN(const genomics::IndexVerdict verdict,
                genomics::check_index(row, own, theirs, c.store.limits()));
  return make_response(200, "application/json",
                       R"({"index":)" + json_string(verdict.kind) + R"(,"verdict":)" +
                           json_string(genomics::to_string(verdict.is)) + R"(,"reason":)" +
                           json_string(verdict.reason) + "}");
}

}  // namespace

void add_index_route(const GenomicsContextPtr& c, std::vector<Route>& out) {
  Route route{"POST", "/genomics/files/{id...}",
              "Check an index of a genome file (…/index): same, usable or stale",
              [c](const Request& request) -> Answer {
                const std::string& rest = request.captures.at(0);
                if (!rest.ends_with(kPart)) {
                  return problem(make_error(
                      Code::not_found, "files are posted to /genomics/files, indexes to ID/index"));
                }
                const genomics::FileId id(rest.substr(0, rest.size() - kPart.size()));
                return collect_body(c->store.limits().index_bytes_max,
                                    [c, id, who = at_genomics_door(request)](Bytes body) {
                                      return answered(check(*c, who, id, body));
                                    });
              }};
  route.body_bytes_max = c->store.limits().index_bytes_max;
  out.push_back(std::move(route));
}

}  // namespace medarc::web

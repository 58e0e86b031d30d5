// DELETE of studies, series and instances. Not of PS3.18, but as its peers name it.
#include "web/dicomweb/as_of.h"
#include "web/dicomweb/doors.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

Answer remove(const ContextPtr& context, const Request& request) {
  if (const Status now_only = refuse_as_of(request); now_only.has_error()) {
    return problem(now_only.error());
  }
  std::optional<dicom::SeriesUid> series;
  std::optional<dicom::SopInstanceUid> instance;
  if (request.captures.size() > 1) series = dicom::SeriesUid(request.captures[1]);
  if (request.captures.size() > 2) instance = dicom::SopInstanceUid(request.captures[2]);
  auto removed =
      context->imaging.remove(at_door(request), dicom::StudyUid(request.captures[0]), series,
                              instance, std::string(request.query_value("reason")));
  if (removed.has_error()) return problem(removed.error());
  Response response;
  response.status = 204;
  return response;
}

}  // namespace

void add_remove_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto add = [&](std::string_view below, std::string summary) {
    out.push_back({"DELETE", std::string(kRoot) + "/studies/{study}" + std::string(below),
                   std::move(summary),
                   [context](const Request& request) { return remove(context, request); }});
  };
  add("", "Remove a study; ?reason= is kept with its tombstone.");
  add("/series/{series}", "Remove a series.");
  add("/series/{series}/instances/{instance}", "Remove an instance with all its versions.");
}

}  // namespace medarc::web

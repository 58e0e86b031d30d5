// WADO-URI (PS3.18 section 9; dicom.md W6): one instance, named by query parameters, as DICOM or
// rendered.
#include "web/conditional.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/presented.h"
#include "web/dicomweb/render_parameters.h"
#include "web/dicomweb/rendered.h"
#include "web/dicomweb/retrieve.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using dicom::InstanceRow;

Answer as_dicom(const ContextPtr& context, const Request& request, const InstanceRow& row) {
  const std::string syntax(request.query_value("transferSyntax"));
  const Wanted wanted{true, std::string(kDicom), syntax, dicom::Form::lossy(syntax).has_value()};
  auto content = open_as(*context, at_door(request), row, wanted, false);
  if (content.has_error()) return retrieve_problem(content.error());
  return single_object(request, std::move(*content), row, false);
}

// Whether application/dicom comes before everything else that the client takes.
bool wants_dicom(const Request& request, bool can_be_rendered) {
  for (const MediaRange& range : accepted_types(request)) {
    if (range.media.is(kDicom)) return true;
    if (range.media.is("application/*") || range.media.is("*/*")) return !can_be_rendered;
    if (range.media.type != "application") return false;
  }
  return !can_be_rendered;
}

Answer retrieve_by_uri(const ContextPtr& context, const Request& request) {
  for (const char* name : {"requestType", "studyUID", "seriesUID", "objectUID"}) {
    if (request.query_value(name).empty()) {
      return problem(make_error(Code::invalid_argument, std::string(name) + " is missing"));
    }
  }
  if (request.query_value("requestType") != "WADO") {
    return problem(make_error(Code::invalid_argument, "requestType is not WADO"));
  }
  // Ignoring it would give away what was asked to be taken out.
  if (equal_ignoring_case(request.query_value("anonymize"), "yes")) {
    return problem(make_error(Code::unsupported, "objects are not anonymised on the way out"));
  }
  Request named = request;
  named.captures = {std::string(request.query_value("studyUID")),
                    std::string(request.query_value("seriesUID")),
                    std::string(request.query_value("objectUID"))};
  // Media types in order of preference; they count before the Accept header, which this door's
  // clients leave to the browser.
  if (const std::string_view types = request.query_value("contentType"); !types.empty()) {
    std::erase_if(named.query, [](const auto& q) { return q.first == "accept"; });
    named.query.emplace_back("accept", types);
    named.headers.set("Accept", "");
  }
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto row = find_instance(*view, named);
  if (row.has_error()) return problem(row.error());
  const std::vector<std::string> offered = dicom::rendered_types(*row);
  // A transfer syntax without a type can only be that of an object.
  const bool of_object =
      named.query_value("contentType").empty() && !named.query_value("transferSyntax").empty();
  if (of_object || wants_dicom(named, !offered.empty())) return as_dicom(context, named, *row);
  auto parameters = uri_parameters(named);
  if (parameters.has_error()) return problem(parameters.error());
  auto chosen = choose_rendered(named, offered, true);
  if (chosen.has_error()) return problem(chosen.error());
  dicom::RenderRequest& wish = parameters->request;
  wish.cine = chosen->type == "image/gif" && !wish.frame;
  if (dicom::rendered_kind(*row) == dicom::RenderedKind::presentation) {
    auto shown = shown_by(*context, named, *view, *row, wish);
    if (shown.has_error()) return problem(shown.error());
    if (shown->items.size() > 1) {
      return problem(
          make_error(Code::not_acceptable,
                     "the presentation state shows many images, and this is one answer"));
    }
    const RenderItem& item = shown->items.front();
    return rendered_answer(*context, named, *item.row, item.request, chosen->type,
                           parameters->warnings);
  }
  const Status applied = add_presentation(*context, named, *view, *row, wish);
  if (applied.has_error()) return problem(applied.error());
  return rendered_answer(*context, named, *row, wish, chosen->type, parameters->warnings);
}

}  // namespace

void add_uri_routes(const ContextPtr& context, std::vector<Route>& out) {
  out.push_back({"GET", "/wado", "Retrieve an instance, or a rendering of it (WADO-URI).",
                 [context](const Request& request) { return retrieve_by_uri(context, request); }});
}

}  // namespace medarc::web

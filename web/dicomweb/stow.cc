// STOW-RS (PS3.18 10.5): what a request is made of, and in which form it is answered.
#include "web/accept.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/stow_body.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

Response wrong_type(std::string why) {
  return problem(make_error(Code::unsupported, std::move(why)), true);
}

Answer stow(const ContextPtr& context, const Request& request) {
  const auto media = parse_media_type(request.headers.find("Content-Type"));
  StowParts parts;
  std::string type(kDicom);
  if (media && media->is(kRelated)) {
    parts.boundary = media->parameter("boundary");
    if (!is_boundary(parts.boundary)) {
      return problem(
          make_error(Code::invalid_argument, "Content-Type has no valid boundary parameter"));
    }
    if (const std::string_view given = media->parameter("type"); !given.empty()) type = given;
  } else if (media) {
    type = media->type + '/' + media->subtype;
  } else {
    type.clear();
  }
  if (equal_ignoring_case(type, kDicom)) {
    parts.content = StowParts::Content::files;
  } else if (equal_ignoring_case(type, kDicomJson)) {
    parts.content = StowParts::Content::json;
  } else if (equal_ignoring_case(type, kDicomXml)) {
    parts.content = StowParts::Content::xml;
  } else {
    return wrong_type(
        "Content-Type is neither multipart/related nor one of its parts: application/dicom, "
        "application/dicom+json, application/dicom+xml");
  }
  const auto form = model_form(request);  // S9
  if (form.has_error()) return problem(form.error());
  if (!request.captures.empty()) parts.study = dicom::StudyUid(request.captures[0]);
  return stow_body(context, request, std::move(parts), *form);
}

}  // namespace

void add_stow_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto answer = [context](const Request& request) { return stow(context, request); };
  out.push_back({"POST", std::string(kRoot) + "/studies", "Store instances (STOW-RS).", answer, 0});
  out.push_back({"POST", std::string(kRoot) + "/studies/{study}",
                 "Store instances of one study (STOW-RS).", answer, 0});
}

}  // namespace medarc::web

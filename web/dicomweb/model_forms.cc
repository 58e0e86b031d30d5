#include "web/dicomweb/model_forms.h"

#include <utility>

#include "dicom/model/xml_writer.h"
#include "web/accept.h"
#include "web/dicomweb/doors.h"
#include "web/http_error.h"
#include "web/multipart.h"
#include "web/text.h"

namespace medarc::web {
namespace {

bool takes_xml(const MediaType& media) {
  if (media.is(kDicomXml)) return true;
  if (!media.is(kRelated) && !media.is("multipart/*")) return false;
  const std::string_view part = media.parameter("type");
  return part.empty() || part == "*/*" || part == "application/*" ||
         equal_ignoring_case(part, kDicomXml);
}

}  // namespace

Result<ModelForm> model_form(const Request& request) {
  if (!accept_given(request)) return ModelForm::json;  // N1: lenient
  for (const MediaRange& range : accepted_types(request)) {
    if (range.media.covers(kDicomJson) || range.media.covers("application/json")) {
      return ModelForm::json;
    }
    if (takes_xml(range.media)) return ModelForm::xml;
  }
  return make_error(Code::not_acceptable,
                    "answers are application/dicom+json or application/dicom+xml");
}

std::optional<ModelForm> model_body_form(const Request& request) {
  const std::string_view type = request.headers.find("Content-Type");
  if (type.empty() && request.body_bytes == 0) return ModelForm::json;
  const auto media = parse_media_type(type);
  if (!media) return std::nullopt;
  if (media->is(kDicomJson) || media->is("application/json")) return ModelForm::json;
  if (media->is(kDicomXml)) return ModelForm::xml;
  return std::nullopt;
}

Result<dicom::DataSet> read_model_body(ModelForm form, ByteView body,
                                       const dicom::DataSetLimits& limits) {
  return form == ModelForm::json ? dicom::read_dataset_json(body, limits)
                                 : dicom::read_dataset_xml(body, limits);
}

Response model_answer(int status, ModelForm form, std::string json) {
  if (form == ModelForm::json) return make_response(status, std::string(kDicomJson), json);
  auto xml = dicom::native_xml(json);
  if (xml.has_error()) return problem(xml.error());
  return make_response(status, std::string(kDicomXml), std::move(*xml));
}

Response xml_parts(std::unique_ptr<ByteSource> json) {
  auto instances = std::make_shared<dicom::XmlInstances>(std::move(json));
  const auto part = [instances]() -> Result<std::optional<OutgoingPart>> {
    MEDARC_ASSIGN(auto xml, instances->next());
    if (!xml) return std::optional<OutgoingPart>();
    return std::optional<OutgoingPart>(
        OutgoingPart{"Content-Type: " + std::string(kDicomXml) + "\r\n",
                     std::make_unique<StringSource>(std::move(*xml))});
  };
  auto first = part();
  if (first.has_error()) return problem(first.error());
  Response response;
  response.headers.add("Vary", "Accept");
  if (!*first) {
    response.status = 204;
    return response;
  }
  const std::string boundary = new_boundary();
  response.headers.add("Content-Type", "multipart/related; type=\"" + std::string(kDicomXml) +
                                           "\"; boundary=" + boundary);
  auto held = std::make_shared<std::optional<OutgoingPart>>(std::move(*first));
  response.body = multipart(boundary, [held, part]() -> Result<std::optional<OutgoingPart>> {
    if (*held) return std::exchange(*held, std::nullopt);
    return part();
  });
  return response;
}

}  // namespace medarc::web

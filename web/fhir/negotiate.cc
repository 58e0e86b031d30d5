// What the client takes and sends (http.html#mime-type, #general, #ops).
#include <algorithm>

#include "web/accept.h"
#include "web/fhir/doors.h"
#include "web/text.h"

namespace medarc::web {
namespace {

bool right_version(const MediaType& media) {
  const std::string_view version = media.parameter("fhirversion");
  return version.empty() || version == "4.0" || version == "4.0.1";
}

bool is_fhir_json(const MediaType& media) {
  return media.is("application/fhir+json") || media.is("application/json") ||
         media.is("text/json") || media.is("application/json+fhir");
}

bool accepts(const MediaType& media) {
  return right_version(media) && (is_fhir_json(media) || media.covers("application/fhir+json"));
}

Status check_format(std::string value) {
  std::replace(value.begin(), value.end(), ' ', '+');  // "application/fhir+json" not escaped
  if (value == "json") return {};
  const std::optional<MediaType> media = parse_media_type(value);
  if (media && is_fhir_json(*media) && right_version(*media)) return {};
  return make_error(Code::not_acceptable, "_format: only JSON of FHIR 4.0 is offered");
}

}  // namespace

bool is_shape_parameter(std::string_view key) {
  return key == "_format" || key == "_pretty" || key == "_summary" || key == "_elements";
}

Result<FhirShape> negotiate(const Request& request) {
  FhirShape shape;
  bool format = false;
  for (const auto& [key, value] : request.query) {
    if (key == "_format") {
      MEDARC_TRY(check_format(value));
      format = true;
    } else if (key == "_pretty") {
      if (value != "true" && value != "false") {
        return make_error(Code::invalid_argument, "_pretty: true or false");
      }
      shape.pretty = value == "true";
    } else if (key == "_summary") {
      for (std::string_view one : {"true", "text", "data", "count", "false"}) {
        if (value == one) shape.summary = one;
      }
      if (shape.summary != value || value.empty()) {
        return make_error(Code::invalid_argument, "_summary: true, text, data, count or false");
      }
    } else if (key == "_elements") {
      for (std::string_view one : split_list(value, ',')) shape.elements.emplace_back(one);
    }
  }
  if (format || !accept_given(request)) return shape;
  const std::vector<MediaRange> ranges = accepted_types(request);
  if (std::any_of(ranges.begin(), ranges.end(), [](auto& r) { return accepts(r.media); })) {
    return shape;
  }
  return make_error(Code::not_acceptable, "only application/fhir+json of FHIR 4.0 is offered");
}

Status check_fhir_body(const Request& request) {
  const std::optional<MediaType> media = parse_media_type(request.headers.find("Content-Type"));
  if (media && is_fhir_json(*media) && right_version(*media)) {
    const std::string charset = to_lower_ascii(media->parameter("charset"));
    if (charset.empty() || charset == "utf-8" || charset == "utf8") return {};
  }
  return make_error(Code::unsupported, "send application/fhir+json of FHIR 4.0 in UTF-8");
}

FhirPrefer prefer_of(const Request& request) {
  FhirPrefer out;
  for (std::string_view header : request.headers.all("Prefer")) {
    for (std::string_view list : split_list(header, ',')) {
      for (std::string_view one : split_list(list, ';')) {
        if (one == "return=minimal") out.returns = "minimal";
        if (one == "return=representation") out.returns = "representation";
        if (one == "return=OperationOutcome") out.returns = "OperationOutcome";
        if (one == "handling=lenient") out.lenient = true;
        if (one == "handling=strict") out.lenient = false;
      }
    }
  }
  return out;
}

}  // namespace medarc::web

// Answers and errors of the FHIR door.
#include <ctime>

#include "base/log.h"
#include "web/conditional.h"
#include "web/fhir/doors.h"
#include "web/http_error.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using records::Json;

std::string_view issue_code(Code code) {
  switch (code) {
    case Code::invalid_argument: return "invalid";
    case Code::unauthenticated: return "login";
    case Code::permission_denied: return "forbidden";
    case Code::not_found: return "not-found";
    case Code::gone: return "deleted";
    case Code::already_exists: return "duplicate";
    case Code::conflict: return "conflict";
    case Code::precondition_failed: return "conflict";
    case Code::not_acceptable: return "not-supported";
    case Code::unsupported: return "not-supported";
    case Code::range_not_satisfiable: return "invalid";
    case Code::too_large: return "too-costly";
    case Code::exhausted: return "no-store";
    case Code::unavailable: return "transient";
    case Code::deadline: return "timeout";
    case Code::cancelled: return "transient";
    case Code::corrupt: return "exception";
    case Code::io: return "exception";
    case Code::internal: return "exception";
  }
  return "exception";
}

// Sun, 06 Nov 1994 08:49:37 GMT, the one form still sent; nullopt for others, which are ignored.
std::optional<std::time_t> http_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

bool not_modified(const Request& request, const std::string& version, Timestamp changed) {
  const std::string_view none = request.headers.find("If-None-Match");
  if (!none.empty()) return etag_listed(none, version, true);
  const auto since = http_date(request.headers.find("If-Modified-Since"));
  return since && changed.us / 1'000'000 <= *since;
}

}  // namespace

std::string fhir_base(const Request& request) { return request.base_url + std::string(kFhirRoot); }

security::Principal at_fhir_door(const Request& request) {
  security::Principal who = request.principal;
  who.door = "fhir";
  return who;
}

Response fhir_answer(int status, const Json& resource, const FhirShape& shape) {
  Response response =
      make_response(status, std::string(kFhirJson), records::to_text(resource, shape.pretty));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Response fhir_outcome(int status, const std::vector<records::Issue>& issues) {
  Json list = Json::array();
  for (const records::Issue& issue : issues) {
    const bool good = status < 400;
    Json one = Json::object({{"severity", Json::string(good ? "information" : "error")},
                             {"code", Json::string(issue.code)},
                             {"diagnostics", Json::string(issue.text)}});
    if (!issue.path.empty()) one.set("expression", Json::array({Json::string(issue.path)}));
    list.add(std::move(one));
  }
  return fhir_answer(status,
                     Json::object({{"resourceType", Json::string("OperationOutcome")},
                                   {"issue", std::move(list)}}),
                     {});
}

Response fhir_error(const Error& error, int status) {
  if (status == 0) status = status_of(error.code);
  const bool hidden =
      error.code == Code::io || error.code == Code::internal || error.code == Code::corrupt;
  if (hidden) {
    log(Level::error, "fhir.failed", {{"code", to_string(error.code)}, {"text", error.text}});
  }
  Response response =
      fhir_outcome(status, {{std::string(issue_code(error.code)),
                             hidden ? "The server failed; its log says why." : error.text, ""}});
  if (status == 503) response.headers.set("Retry-After", "2");
  return response;
}

Response fhir_versioned(const Request& request, int status, Json resource, uint64_t version,
                        Timestamp changed, const FhirShape& shape) {
  const std::string tag = std::to_string(version);
  const bool reading = request.method == "GET" || request.method == "HEAD";
  Response response;
  if (reading && not_modified(request, tag, changed)) {
    response = make_response(304, "", {});
  } else {
    apply_shape(resource, shape);
    response = fhir_answer(status, resource, shape);
  }
  response.headers.set("ETag", "W/\"" + tag + "\"");
  response.headers.set("Last-Modified", to_http_date(changed));
  return response;
}

RouteFunction fhir_route(std::function<Result<Response>(const Request&, const FhirShape&)> answer) {
  return [answer = std::move(answer)](const Request& request) -> Answer {
    const Result<FhirShape> shape = negotiate(request);
    if (!shape) return fhir_error(shape.error());
    Result<Response> response = answer(request, *shape);
    if (!response) return fhir_error(response.error());
    return std::move(*response);
  };
}

}  // namespace medarc::web

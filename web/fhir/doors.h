// What the FHIR route files share: the context, negotiation, answers. All errors at this door are
// OperationOutcomes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "records/linked_service.h"
#include "records/patient_service.h"
#include "web/http.h"

namespace medarc::web {

inline constexpr std::string_view kFhirRoot = "/fhir";
inline constexpr std::string_view kFhirJson = "application/fhir+json;charset=utf-8";

struct FhirContext {
  records::PatientService& patients;
  records::LinkedService& linked;
  records::RecordsOptions options;
  Timestamp started;
};
using FhirContextPtr = std::shared_ptr<const FhirContext>;

// One row of the table from which both the routes and the CapabilityStatement are made.
struct FhirRoute {
  std::string type;         // "Patient"
  std::string interaction;  // "read", "create", …; or "$everything"; "" for what is not declared
  Route route;
};
std::vector<FhirRoute> patient_interactions(const FhirContextPtr& context);
std::vector<FhirRoute> linked_interactions(const FhirContextPtr& context);
// Of the table; a plain function so that the statement can never list what has no route.
Route metadata_route(const FhirContextPtr& context, const std::vector<FhirRoute>& table);

// How the client wants its answer.
struct FhirShape {
  bool pretty = false;
  std::string summary;                // "", "true", "text", "data", "count", "false"
  std::vector<std::string> elements;  // of _elements
};
struct FhirPrefer {
  std::string returns = "representation";  // or "minimal", "OperationOutcome"
  bool lenient = false;
};

// Takes _format, _pretty, _summary, _elements and Accept. not_acceptable for anything but JSON of
// FHIR 4.0; invalid_argument for a wrong value.
Result<FhirShape> negotiate(const Request& request);
// unsupported (415) unless the body is FHIR JSON 4.0 in UTF-8.
Status check_fhir_body(const Request& request);
FhirPrefer prefer_of(const Request& request);
bool is_shape_parameter(std::string_view key);

// Cuts the resource to what the shape asks for, and says so with the tag SUBSETTED.
void apply_shape(records::Json& resource, const FhirShape& shape);

Response fhir_answer(int status, const records::Json& resource, const FhirShape& shape);
Response fhir_outcome(int status, const std::vector<records::Issue>& issues);
// By the error's code (http_error.h). `status` 0: that of the code.
Response fhir_error(const Error& error, int status = 0);

// A resource with its version: ETag and Last-Modified, or 304.
Response fhir_versioned(const Request& request, int status, records::Json resource,
                        uint64_t version, Timestamp changed, const FhirShape& shape);

std::string fhir_base(const Request& request);             // "http://host:port/fhir"
security::Principal at_fhir_door(const Request& request);  // the principal, door "fhir"

// Wraps a route that answers from the head: errors become OperationOutcomes.
RouteFunction fhir_route(std::function<Result<Response>(const Request&, const FhirShape&)> answer);

}  // namespace medarc::web

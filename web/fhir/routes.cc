#include "web/fhir/routes.h"

#include "web/fhir/doors.h"

namespace medarc::web {
namespace {

// Everything else below /fhir, so that a mistyped resource gets an OperationOutcome too.
std::vector<Route> unknown_routes() {
  std::vector<Route> out;
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    Route route;
    route.method = method;
    route.path = "/fhir/{rest...}";
    route.summary = "No such FHIR resource type or operation";
    route.answer = [](const Request&) -> Answer {
      return fhir_outcome(
          404, {{"not-supported", "no such resource type or operation; see metadata", ""}});
    };
    out.push_back(std::move(route));
  }
  return out;
}

}  // namespace

std::vector<Route> fhir_routes(records::PatientService& patients, records::LinkedService& linked) {
  const auto context =
      std::make_shared<const FhirContext>(FhirContext{patients, linked, patients.options(), now()});
  std::vector<FhirRoute> table = patient_interactions(context);
  for (FhirRoute& one : linked_interactions(context)) table.push_back(std::move(one));
  std::vector<Route> out = {metadata_route(context, table)};
  for (FhirRoute& one : table) out.push_back(std::move(one.route));
  for (Route& one : unknown_routes()) out.push_back(std::move(one));
  return out;
}

}  // namespace medarc::web

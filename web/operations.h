// What operators and curious people meet: health, metrics, the API's description, a page at "/".
#pragma once

#include <string>
#include <vector>

#include "dicom/imaging.h"
#include "security/guard.h"
#include "web/http.h"

namespace medarc::web {

struct OperationsContext {
  dicom::Imaging* imaging = nullptr;
  security::Guard* guard = nullptr;
  std::string version;  // of Medarc
};

// GET /healthz: the process answers. /readyz: 503 while the store takes no writes. /metrics:
// Prometheus text 0.0.4. /openapi.json: OpenAPI 3.1 of `others` and of these. /conformance: the
// conformance statement, Markdown. /: HTML. Health needs no credentials; the rest does.
std::vector<Route> operations_routes(OperationsContext context, const std::vector<Route>& others);

// OpenAPI 3.1 from the route table.
std::string openapi_json(const std::vector<Route>& routes, const std::string& version);

// The conformance statement: of DICOM (PS3.2; dicom/conformance.h, and the DICOMweb resources from
// the route table), and of the genomics protocols. Markdown; also docs/conformance.md.
std::string conformance_statement(const std::vector<Route>& routes);

}  // namespace medarc::web

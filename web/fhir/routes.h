// The FHIR R4 routes below /fhir: Patient, ImagingStudy, DocumentReference and the
// CapabilityStatement that lists exactly them.
#pragma once

#include <vector>

#include "records/linked_service.h"
#include "records/patient_service.h"
#include "web/http.h"

namespace medarc::web {

// Both services must outlive the routes.
std::vector<Route> fhir_routes(records::PatientService& patients, records::LinkedService& linked);

}  // namespace medarc::web

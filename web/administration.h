// DICOM peers and routing rules as administrators see and change them over HTTP
// (dicom/administration). For administrators.
#pragma once

#include <vector>

#include "dicom/administration/administration.h"
#include "web/http.h"

namespace medarc::web {

// GET /admin/peers: {"peers":[…]}. GET, PUT, DELETE /admin/peers/{aet}: one of them, as {"name":…,
// "source":"configuration"|"administration","settings":{…},"version":…,"changed":…,"problem":…};
// the last three where they apply. PUT takes the settings alone, all of them, named and meant as in
// [[dicom.peer]]; 201 when it was not there. Answers carry an ETag: to replace a peer, a PUT names
// it in If-Match (428 without, 412 when somebody was first), to make one only where there is none
// it says If-None-Match: *. DELETE honours If-Match. 409: the configuration file holds it.
//
// POST /admin/peers/{aet}/echo: C-ECHO over an association that is opened for it: {"peer":…,
// "answered":true,"status":"0000","seconds":…}, or "answered":false with "problem". 200 in either
// case; 409: it has no port.
//
// /admin/routes and /admin/routes/{name} in the same way, as in [[dicom.route]].
std::vector<Route> administration_routes(dicom::Administration& administration);

}  // namespace medarc::web

// What the DICOMweb door offers, for machines: the answer of OPTIONS (PS3.18 8.9, annex H), made
// from the very routes that requests go by.
#pragma once

#include <vector>

#include "web/http.h"

namespace medarc::web {

// OPTIONS on the root of DICOMweb and on each of its resources in `others`: the resource and all
// below it, as WADL (application/vnd.sun.wadl+xml, the default) or as the same tree in
// application/json. Needs no credentials, as it says nothing about patients. Preflights of browsers
// (Access-Control-Request-Method) never come here.
std::vector<Route> capabilities_routes(const std::vector<Route>& others);

}  // namespace medarc::web

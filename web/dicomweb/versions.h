// The versions of an instance as resources below it: what there is, and what differs. Not of
// PS3.18; JSON, for those who may read the images.
//
//   GET …/instances/{uid}/versions?limit=&below=
//     {"versions":[{"version":2,"received":…,"cause":"dataset","stored_by":"ae:CT1","door":"dimse",
//       "sop_class":…,"transfer_syntax":…,"digest":"sha256-…","bytes":…,"url":…}],"next":…}
//     newest first; `next` is the `below` of the following page. `removed` tells of a removal
//     before these; of an instance that is removed there is nothing else, and the status is 410.
//   GET …/instances/{uid}/differences?before=1&after=2
//     {"before":{…},"after":{…},"count":…,"differences":[{"path":"00100010","keyword":"PatientName",
//       "vr":"PN","before":{"vr":"PN","Value":[…]},"after":null}]}
//
// `cause`: first, transfer_syntax, dataset, envelope (what differs from the version before).
#pragma once

#include <vector>

#include "dicom/history.h"
#include "web/http.h"

namespace medarc::web {

// `history` outlives the routes.
std::vector<Route> version_routes(dicom::History& history);

}  // namespace medarc::web

// What is known of a study's completeness, as resources. Not of PS3.18; JSON, for those who may
// search the images.
//
//   GET …/studies/{uid}/completeness
//     {"study":…,"verdict":"complete|incomplete|unknown","received":…,"changed":…,"instances":…,
//      "stable":{"since":…} or null,"evidence":[{"what":…,"says":…,"text":…,"series":…}],
//      "series":[{"series":…,"instances":…,"numbers":{"first":…,"last":…,"missing":…,
//        "gaps":[[from,to]…]},"expected":[{"attribute":…,"expected":…,"held":…}]}],
//      "missing_instances":[…],"senders":[…],"commitments":[…]}
//
//   GET …/stable-studies?after=&limit=
//     {"studies":[{"study":…,"commit":…,"since":…,"changed_since":false}],"next":…}
//     the studies that became stable, each once for each of its changes, in order; `next` is the
//     `after` to ask again with, also when there are none yet.
#pragma once

#include <vector>

#include "dicom/completeness/completeness.h"
#include "web/http.h"

namespace medarc::web {

// `completeness` outlives the routes.
std::vector<Route> completeness_routes(dicom::Completeness& completeness);

}  // namespace medarc::web

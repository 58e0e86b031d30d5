// What senders get wrong (dicom/senders/report.h), as operators see it over HTTP.
#pragma once

#include <vector>

#include "dicom/imaging.h"
#include "dicom/senders/report.h"
#include "web/http.h"

namespace medarc::web {

struct SendersContext {
  dicom::Imaging* imaging = nullptr;
  dicom::senders::Report* report = nullptr;
  security::Guard* guard = nullptr;
};

// GET /admin/senders?day=2026-11-21&sender=OLDCT: the counts of a day, or of all that are kept; of
// a sender, or of all. JSON (report_json.h), or HTML for those who prefer it. For administrators.
// GET /dicom-web/studies/{}/series/{}/instances/{}/findings: {"sender":…,"corrected":…,"findings":
// [{"kind":…,"attribute":…,"text":…,"detail":…}]} of one instance, for those who may read it;
// `version` as for the instance.
std::vector<Route> senders_routes(SendersContext context);

}  // namespace medarc::web

#include "tools/routes.h"

#include <iterator>

#include "web/administration.h"
#include "web/dicomweb/commitment.h"
#include "web/dicomweb/completeness.h"
#include "web/dicomweb/routes.h"
#include "web/dicomweb/versions.h"
#include "web/dicomweb/worklist.h"
#include "web/fhir/routes.h"
#include "web/genomics/beacon_routes.h"
#include "web/genomics/routes.h"
#include "web/jobs.h"
#include "web/operations.h"
#include "web/senders.h"

namespace medarc::tools {
namespace {

void append(std::vector<web::Route>& all, std::vector<web::Route> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Result<Doors> make_doors(Opened& opened) {
  Doors doors;
  append(doors.routes, web::dicomweb_routes(*opened.imaging, opened.settings.dicomweb));
  append(doors.routes, web::version_routes(*opened.history));
  append(doors.routes, web::completeness_routes(*opened.completeness));
  append(doors.routes, web::fhir_routes(*opened.patients, *opened.linked));
  append(doors.routes,
         web::genomics_routes(*opened.genomes, *opened.uploads, opened.settings.genomics_door));
  append(doors.routes, web::beacon_routes(*opened.genomes, opened.settings.beacon));
  if (opened.administration) {
    append(doors.routes, web::administration_routes(*opened.administration));
  }
  if (opened.outgoing) {
    append(doors.routes,
           web::worklist_routes(*opened.outgoing->worklist, opened.settings.dicomweb));
    append(doors.routes,
           web::commitment_routes(*opened.outgoing->commitments, opened.settings.commitment_door));
    append(doors.routes,
           web::jobs_routes({opened.index.get(), opened.outgoing->jobs.get(), opened.guard.get()}));
    append(doors.routes, web::senders_routes({opened.imaging.get(), opened.outgoing->senders.get(),
                                              opened.guard.get()}));
  }
  web::OperationsContext operations;
  operations.imaging = opened.imaging.get();
  operations.guard = opened.guard.get();
  operations.version = MEDARC_VERSION;
  append(doors.routes, web::operations_routes(operations, doors.routes));
  return doors;
}

}  // namespace medarc::tools

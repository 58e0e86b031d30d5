// The DICOMweb routes (PS3.18): STOW-RS, QIDO-RS and WADO-RS below /dicom-web, WADO-URI at /wado.
#pragma once

#include <vector>

#include "dicom/imaging.h"
#include "web/dicomweb/options.h"
#include "web/http.h"

namespace medarc::web {

// `imaging` must outlive the routes.
std::vector<Route> dicomweb_routes(dicom::Imaging& imaging, DicomwebOptions options = {});

}  // namespace medarc::web

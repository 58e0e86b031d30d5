#include "web/dicomweb/routes.h"

#include "web/dicomweb/doors.h"
#include "web/url.h"

namespace medarc::web {

security::Principal at_door(const Request& request) {
  security::Principal principal = request.principal;
  principal.door = "dicomweb";
  return principal;
}

std::string study_url(const std::string& base_url, const dicom::StudyUid& study) {
  return base_url + std::string(kRoot) + "/studies/" + percent_encode(study.value);
}

std::string series_url(const std::string& base_url, const dicom::StudyUid& study,
                       const dicom::SeriesUid& series) {
  return study_url(base_url, study) + "/series/" + percent_encode(series.value);
}

std::string instance_url(const std::string& base_url, const dicom::StudyUid& study,
                         const dicom::SeriesUid& series, const dicom::SopInstanceUid& instance) {
  return series_url(base_url, study, series) + "/instances/" + percent_encode(instance.value);
}

std::vector<Route> dicomweb_routes(dicom::Imaging& imaging, DicomwebOptions options) {
  const auto context = std::make_shared<const DicomwebContext>(
      DicomwebContext{imaging, options, std::make_shared<PageMemory>(options.pages_kept_max)});
  std::vector<Route> out;
  add_stow_routes(context, out);
  add_qido_routes(context, out);
  add_wado_routes(context, out);
  add_metadata_routes(context, out);
  add_bulk_routes(context, out);
  add_pixel_data_routes(context, out);
  add_remove_routes(context, out);
  add_rendered_routes(context, out);
  add_uri_routes(context, out);
  return out;
}

}  // namespace medarc::web

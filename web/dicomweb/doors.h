// What the DICOMweb route files share. Each adds its routes; web/dicomweb/routes.cc puts them
// together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dicom/imaging.h"
#include "web/dicomweb/options.h"
#include "web/dicomweb/page_memory.h"
#include "web/http.h"

namespace medarc::web {

inline constexpr std::string_view kRoot = "/dicom-web";
inline constexpr std::string_view kDicom = "application/dicom";
inline constexpr std::string_view kDicomJson = "application/dicom+json";
inline constexpr std::string_view kOctets = "application/octet-stream";
inline constexpr std::string_view kZip = "application/zip";
inline constexpr std::string_view kRelated = "multipart/related";

struct DicomwebContext {
  dicom::Imaging& imaging;
  DicomwebOptions options;
  std::shared_ptr<PageMemory> pages;  // of searches
};
using ContextPtr = std::shared_ptr<const DicomwebContext>;

void add_stow_routes(const ContextPtr& context, std::vector<Route>& out);
void add_qido_routes(const ContextPtr& context, std::vector<Route>& out);
void add_wado_routes(const ContextPtr& context, std::vector<Route>& out);
void add_metadata_routes(const ContextPtr& context, std::vector<Route>& out);
void add_bulk_routes(const ContextPtr& context, std::vector<Route>& out);
void add_pixel_data_routes(const ContextPtr& context, std::vector<Route>& out);
void add_remove_routes(const ContextPtr& context, std::vector<Route>& out);
void add_rendered_routes(const ContextPtr& context, std::vector<Route>& out);
void add_uri_routes(const ContextPtr& context, std::vector<Route>& out);

// The request's principal, as one who came through this door.
security::Principal at_door(const Request& request);

// ".../dicom-web/studies/1.2" and so on, absolute, UIDs percent-encoded.
std::string study_url(const std::string& base_url, const dicom::StudyUid& study);
std::string series_url(const std::string& base_url, const dicom::StudyUid& study,
                       const dicom::SeriesUid& series);
std::string instance_url(const std::string& base_url, const dicom::StudyUid& study,
                         const dicom::SeriesUid& series, const dicom::SopInstanceUid& instance);

}  // namespace medarc::web

// The images of a presentation state, as it shows them: what its rendered resource consists of, and
// what a presentation state does to one image asked for by WADO-URI (PS3.18 9.5).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dicom/imaging.h"
#include "web/dicomweb/doors.h"
#include "web/http.h"

namespace medarc::web {

// One thing to be rendered.
struct RenderItem {
  std::shared_ptr<const dicom::InstanceRow> row;
  dicom::RenderRequest request;
  std::string location;  // its URL
};

// What `state` shows, each as `wish` says. Images that are not here are left out and make it not
// `whole`; each has its WADO-URI as its location.
// not_found: none of them is here. not_acceptable, too_large: as dicom::shown_images().
// invalid_argument: a window, which a presentation state has its own of.
struct Shown {
  std::vector<RenderItem> items;
  bool whole = true;
};
Result<Shown> shown_by(const DicomwebContext& context, const Request& request, index::View& view,
                       const dicom::InstanceRow& state, const dicom::RenderRequest& wish);

// The presentation state that presentationSeriesUID and presentationUID of WADO-URI name; nullptr
// when they are absent. not_found; invalid_argument: one without the other, together with a window
// or region, no presentation state, or not one of `image` (and `frame`, when it is asked for).
Result<std::shared_ptr<const dicom::InstanceRow>> wanted_presentation(
    const DicomwebContext& context, const Request& request, index::View& view,
    const dicom::InstanceRow& image, std::optional<uint32_t> frame);

}  // namespace medarc::web

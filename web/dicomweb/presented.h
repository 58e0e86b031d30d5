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

// Puts the presentation state that presentationSeriesUID and presentationUID of WADO-URI name into
// `wish`, which is for `image`; without a frame in it, the first frame that the state is made for,
// if it names some. Nothing when both are absent. not_found; invalid_argument: one without the
// other, together with a window or region, no presentation state, or not one of this image or
// frame.
Status add_presentation(const DicomwebContext& context, const Request& request, index::View& view,
                        const dicom::InstanceRow& image, dicom::RenderRequest& wish);

}  // namespace medarc::web

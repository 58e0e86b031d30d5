// The query parameters of rendered resources (PS3.18 8.3.5; of WADO-URI: section 9.1.2), and which
// form of an instance its asker takes (8.7.4).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "dicom/render/request.h"
#include "web/http.h"

namespace medarc::web {

struct RenderParameters {
  dicom::RenderRequest request;       // without type, frame and cine
  std::vector<std::string> warnings;  // parameters that were not followed, for Warning headers
};

// window, viewport, quality, annotation, iccprofile. invalid_argument for what is not well-formed.
Result<RenderParameters> render_parameters(const Request& request);

// viewport alone; without one at most `edge_max` pixels each way.
Result<RenderParameters> thumbnail_parameters(const Request& request, uint32_t edge_max);

// windowCenter with windowWidth, rows, columns, region, imageQuality, frameNumber.
Result<RenderParameters> uri_parameters(const Request& request);

// The best of `offered` media types (the default first) that the client takes; `multipart` answers
// whether as parts of multipart/related. `one_item`: a single part will do, which is then preferred
// where both are meant. not_acceptable, with what is offered; invalid_argument: N3.
struct ChosenType {
  std::string type;
  bool multipart = false;
};
Result<ChosenType> choose_rendered(const Request& request, const std::vector<std::string>& offered,
                                   bool one_item);

// `text` as an image type; nullopt for another media type.
std::optional<dicom::ImageType> image_type(std::string_view text);

}  // namespace medarc::web

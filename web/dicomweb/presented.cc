#include "web/dicomweb/presented.h"

#include "dicom/render/presentation.h"
#include "web/url.h"

namespace medarc::web {
namespace {

using dicom::InstanceRow;

Error bad(const char* text) { return make_error(Code::invalid_argument, text); }

std::string uri_of(const Request& request, const InstanceRow& state, const InstanceRow& image,
                   std::optional<uint32_t> frame) {
  std::string out = request.base_url +
                    "/wado?requestType=WADO&studyUID=" + percent_encode(image.study.value) +
                    "&seriesUID=" + percent_encode(image.series.value) +
                    "&objectUID=" + percent_encode(image.uid.value);
  if (frame) out += "&frameNumber=" + std::to_string(*frame);
  return out + "&presentationSeriesUID=" + percent_encode(state.series.value) +
         "&presentationUID=" + percent_encode(state.uid.value);
}

}  // namespace

Result<Shown> shown_by(const DicomwebContext& context, const Request& request, index::View& view,
                       const InstanceRow& state, const dicom::RenderRequest& wish) {
  if (wish.window) return bad("a presentation state has windows of its own");
  MEDARC_ASSIGN(const auto images, dicom::shown_images(context.imaging, at_door(request), state,
                                                       context.options.presented_images_max));
  Shown out;
  const auto shared = std::make_shared<const InstanceRow>(state);
  const auto add = [&](const std::shared_ptr<const InstanceRow>& row,
                       std::optional<uint32_t> frame) {
    RenderItem item{row, wish, uri_of(request, state, *row, frame)};
    item.request.presentation = shared;
    item.request.frame = frame;
    if (frame) item.request.cine = false;
    out.items.push_back(std::move(item));
  };
  for (const dicom::ShownImage& image : images) {
    MEDARC_ASSIGN(auto found, view.instance(state.study, image.series, image.uid));
    if (!found || dicom::rendered_kind(*found) != dicom::RenderedKind::image) {
      out.whole = false;
      continue;
    }
    const auto row = std::make_shared<const InstanceRow>(std::move(*found));
    if (image.frames.empty()) add(row, std::nullopt);
    for (const uint32_t frame : image.frames) {
      if (out.items.size() == context.options.presented_images_max) {
        return make_error(Code::too_large, "the presentation state shows too many frames");
      }
      add(row, frame);
    }
  }
  if (out.items.empty()) {
    return make_error(Code::not_found, "the images of the presentation state are not here");
  }
  return out;
}

Status add_presentation(const DicomwebContext& context, const Request& request, index::View& view,
                        const InstanceRow& image, dicom::RenderRequest& wish) {
  const std::string_view series = request.query_value("presentationSeriesUID");
  const std::string_view uid = request.query_value("presentationUID");
  if (series.empty() && uid.empty()) return {};
  if (series.empty() || uid.empty()) {
    return bad("presentationUID and presentationSeriesUID belong together");
  }
  for (const char* name : {"windowCenter", "windowWidth", "region"}) {
    if (!request.query_value(name).empty()) {
      return bad("a presentation state excludes a window and a region");
    }
  }
  MEDARC_ASSIGN(auto row, view.instance(image.study, dicom::SeriesUid(std::string(series)),
                                        dicom::SopInstanceUid(std::string(uid))));
  if (!row) return make_error(Code::not_found, "there is no such presentation state");
  if (dicom::rendered_kind(*row) != dicom::RenderedKind::presentation) {
    return bad("presentationUID names no presentation state that can be applied");
  }
  MEDARC_ASSIGN(const auto images, dicom::shown_images(context.imaging, at_door(request), *row,
                                                       context.options.presented_images_max));
  const dicom::ShownImage* shown = dicom::find_shown(images, image, wish.frame);
  if (shown == nullptr) return bad("the presentation state is not made for this image");
  if (!wish.frame && !shown->frames.empty()) {
    wish.frame = shown->frames.front();
    wish.cine = false;
  }
  wish.presentation = std::make_shared<const InstanceRow>(std::move(*row));
  return {};
}

}  // namespace medarc::web

#include "dicom/render/rendition.h"

#include "dicom/frame_table.h"
#include "dicom/transfer_syntax.h"

namespace medarc::dicom {
namespace {

constexpr std::string_view kEncapsulatedPdf = "1.2.840.10008.5.1.4.1.1.104.1";
constexpr std::string_view kEncapsulatedCda = "1.2.840.10008.5.1.4.1.1.104.2";
constexpr std::string_view kStructuredReports = "1.2.840.10008.5.1.4.1.1.88.";

// PS3.18 names MPEG-2 video/mpeg when it is rendered, video/mpeg2 as bulk data.
std::string video_type(std::string_view transfer_syntax) {
  const std::string type(transfer_syntax_or_default(transfer_syntax).media_type);
  return type == "video/mpeg2" ? "video/mpeg" : type;
}

}  // namespace

RenderedKind rendered_kind(const index::InstanceRow& row) {
  const std::string_view sop_class = row.sop_class.value;
  if (sop_class == kEncapsulatedPdf) return RenderedKind::pdf;
  if (sop_class == kEncapsulatedCda) return RenderedKind::cda;
  if (sop_class.starts_with(kStructuredReports)) return RenderedKind::report;
  for (const auto state :
       {kGreyPresentationState, kColourPresentationState, kPseudoColourPresentationState}) {
    if (sop_class == state) return RenderedKind::presentation;
  }
  if (row.frame_table.empty()) return RenderedKind::none;
  const bool video = video_type(row.transfer_syntax.value).starts_with("video/");
  return video ? RenderedKind::video : RenderedKind::image;
}

std::vector<std::string> rendered_types(const index::InstanceRow& row) {
  switch (rendered_kind(row)) {
    case RenderedKind::none: return {};
    case RenderedKind::image:
    case RenderedKind::presentation: return {"image/jpeg", "image/png", "image/gif"};
    case RenderedKind::video: return {video_type(row.transfer_syntax.value)};
    case RenderedKind::pdf: return {"application/pdf"};
    case RenderedKind::cda: return {"text/xml"};
    case RenderedKind::report: return {"text/html"};
  }
  return {};
}

Result<uint32_t> frames_count(const index::InstanceRow& row) {
  MEDARC_ASSIGN(const FrameTable table, FrameTable::decode(row.frame_table));
  return table.frames_count();
}

}  // namespace medarc::dicom

#include "web/dicomweb/render_parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "web/accept.h"
#include "web/dicomweb/doors.h"
#include "web/text.h"

namespace medarc::web {
namespace {

using dicom::VoiFunction;

constexpr uint32_t kEdgeMax = 1'000'000;  // what is really made has its own limit

Error bad(std::string text) { return make_error(Code::invalid_argument, std::move(text)); }

std::optional<double> parse_number(std::string_view text) {
  double v = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (failed != std::errc() || end != text.data() + text.size() || !std::isfinite(v)) {
    return std::nullopt;
  }
  return v;
}

// All pieces between commas, empty ones too.
std::vector<std::string_view> fields(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const size_t end = std::min(text.find(','), text.size());
    out.push_back(trim(text.substr(0, end)));
    if (end == text.size() || out.size() > 10) return out;
    text.remove_prefix(end + 1);
  }
}

Result<dicom::Window> checked_window(std::optional<double> centre, std::optional<double> width,
                                     VoiFunction function) {
  if (!centre || !width) return bad("the window's centre and width are numbers");
  const double width_min = function == VoiFunction::linear ? 1 : 0;
  if (*width <= 0 || *width < width_min) return bad("the window is too narrow");
  return dicom::Window{*centre, *width, function};
}

Result<dicom::Window> parse_window(std::string_view text) {
  const auto parts = fields(text);
  if (parts.size() != 3) return bad("window is centre,width,function");
  std::string name = to_lower_ascii(parts[2]);
  std::replace(name.begin(), name.end(), '_', '-');
  VoiFunction function;
  if (name == "linear") {
    function = VoiFunction::linear;
  } else if (name == "linear-exact") {
    function = VoiFunction::linear_exact;
  } else if (name == "sigmoid") {
    function = VoiFunction::sigmoid;
  } else {
    return bad("the window's function is linear, linear-exact or sigmoid");
  }
  return checked_window(parse_number(parts[0]), parse_number(parts[1]), function);
}

Result<uint32_t> parse_edge(std::string_view text, const char* what) {
  const auto v = parse_decimal(text);
  if (!v || *v < 1 || *v > kEdgeMax) return bad(std::string(what) + " is a number of pixels");
  return static_cast<uint32_t>(*v);
}

// vw,vh or vw,vh,sx,sy,sw,sh; the last four may be empty.
Status parse_viewport(std::string_view text, dicom::RenderRequest& out) {
  const auto parts = fields(text);
  if (parts.size() != 2 && parts.size() != 6) {
    return bad("viewport is width,height or width,height,x,y,width,height");
  }
  MEDARC_ASSIGN(out.width_max, parse_edge(parts[0], "the viewport's width"));
  MEDARC_ASSIGN(out.height_max, parse_edge(parts[1], "the viewport's height"));
  if (parts.size() == 2) return {};
  dicom::Region region;
  double* const fields_of[] = {&region.left, &region.top, &region.width, &region.height};
  for (size_t i = 0; i < 4; ++i) {
    const std::string_view part = parts[i + 2];
    if (part.empty()) continue;
    const auto v = parse_number(part);
    // x and y lie in the image; a width or height of 0 is none.
    if (!v || (i < 2 ? *v < 0 : *v == 0)) return bad("the viewport's region is not well-formed");
    *fields_of[i] = *v;
  }
  out.region = region;
  return {};
}

Result<int> parse_quality(std::string_view text) {
  const auto v = parse_decimal(text);
  if (!v || *v < 1 || *v > 100) return bad("the quality is a whole number from 1 to 100");
  return static_cast<int>(*v);
}

// 0,0 to 1,1: left, top, right, bottom.
Result<dicom::Region> parse_uri_region(std::string_view text) {
  const auto parts = fields(text);
  double v[4] = {};
  for (size_t i = 0; i < 4; ++i) {
    const auto one = parts.size() == 4 ? parse_number(parts[i]) : std::nullopt;
    if (!one || *one < 0 || *one > 1) return bad("region is left,top,right,bottom, each 0 to 1");
    v[i] = *one;
  }
  if (v[2] <= v[0] || v[3] <= v[1]) return bad("the region is empty");
  return dicom::Region{v[0], v[1], v[2] - v[0], v[3] - v[1], true};
}

// Which of `offered` a range means; "" when none.
std::string offered_for(const MediaType& range, const std::vector<std::string>& offered) {
  for (const std::string& type : offered) {
    if (range.covers(type)) return type;
  }
  // Names in use for the same thing.
  if (range.is("image/jpg")) return offered_for(*parse_media_type("image/jpeg"), offered);
  if (range.is("application/xml")) return offered_for(*parse_media_type("text/xml"), offered);
  return {};
}

// N3. What multipart/related holds decides what it is.
Status check_mixture(const std::vector<MediaRange>& ranges,
                     const std::vector<std::string>& offered) {
  // In the query parameter and in the header each by itself, as for objects.
  bool any_dicom[2] = {}, any_rendered[2] = {};
  for (const MediaRange& range : ranges) {
    const size_t from = range.from_query ? 1 : 0;
    std::optional<MediaType> media = range.media;
    if (media->is(kRelated)) media = parse_media_type(range.media.parameter("type"));
    if (!media || media->type == "*" || media->subtype == "*") continue;
    for (const std::string_view type : {kDicom, kDicomJson, kOctets}) {
      any_dicom[from] = any_dicom[from] || media->is(type);
    }
    any_dicom[from] = any_dicom[from] || media->is("application/dicom+xml");
    any_rendered[from] = any_rendered[from] || media->type == "image" || media->type == "video" ||
                         media->type == "text" || !offered_for(*media, offered).empty();
  }
  if (!(any_dicom[0] && any_rendered[0]) && !(any_dicom[1] && any_rendered[1])) return {};
  return bad("Accept mixes DICOM and rendered media types");
}

}  // namespace

Result<RenderParameters> render_parameters(const Request& request) {
  RenderParameters out;
  if (const std::string_view text = request.query_value("window"); !text.empty()) {
    MEDARC_ASSIGN(out.request.window, parse_window(text));
  }
  if (const std::string_view text = request.query_value("viewport"); !text.empty()) {
    MEDARC_TRY(parse_viewport(text, out.request));
  }
  if (const std::string_view text = request.query_value("quality"); !text.empty()) {
    MEDARC_ASSIGN(out.request.quality, parse_quality(text));
  }
  if (!request.query_value("annotation").empty()) {
    out.warnings.push_back("annotation is not supported and was ignored");
  }
  if (const std::string profile = to_lower_ascii(request.query_value("iccprofile"));
      !profile.empty() && profile != "no") {
    for (const char* known : {"yes", "srgb", "adobergb", "rommrgb", "displayp3"}) {
      if (profile != known) continue;
      out.warnings.push_back("iccprofile " + profile + " is not supported and was ignored");
    }
    if (out.warnings.empty() || !out.warnings.back().starts_with("icc")) {
      return bad("iccprofile is no, yes, srgb, adobergb, rommrgb or displayp3");
    }
  }
  return out;
}

Result<RenderParameters> thumbnail_parameters(const Request& request, uint32_t edge_max) {
  RenderParameters out;
  if (const std::string_view text = request.query_value("viewport"); !text.empty()) {
    MEDARC_TRY(parse_viewport(text, out.request));
    return out;
  }
  out.request.width_max = out.request.height_max = edge_max;
  out.request.enlarge = false;
  return out;
}

Result<RenderParameters> uri_parameters(const Request& request) {
  RenderParameters out;
  const std::string_view centre = request.query_value("windowCenter");
  const std::string_view width = request.query_value("windowWidth");
  if (!centre.empty() || !width.empty()) {
    MEDARC_ASSIGN(out.request.window,
                  checked_window(parse_number(centre), parse_number(width), VoiFunction::linear));
  }
  if (const std::string_view text = request.query_value("columns"); !text.empty()) {
    MEDARC_ASSIGN(out.request.width_max, parse_edge(text, "columns"));
  }
  if (const std::string_view text = request.query_value("rows"); !text.empty()) {
    MEDARC_ASSIGN(out.request.height_max, parse_edge(text, "rows"));
  }
  if (const std::string_view text = request.query_value("region"); !text.empty()) {
    MEDARC_ASSIGN(out.request.region, parse_uri_region(text));
  }
  if (const std::string_view text = request.query_value("imageQuality"); !text.empty()) {
    MEDARC_ASSIGN(out.request.quality, parse_quality(text));
  }
  if (const std::string_view text = request.query_value("frameNumber"); !text.empty()) {
    const auto frame = parse_decimal(text);
    if (!frame || *frame < 1 || *frame > UINT32_MAX) return bad("frameNumber is 1 or more");
    out.request.frame = static_cast<uint32_t>(*frame);
  }
  if (!request.query_value("annotation").empty()) {
    out.warnings.push_back("annotation is not supported and was ignored");
  }
  return out;
}

Result<ChosenType> choose_rendered(const Request& request, const std::vector<std::string>& offered,
                                   bool one_item) {
  const auto ranges = accepted_types(request);
  MEDARC_TRY(check_mixture(ranges, offered));
  if (offered.empty()) {
    return make_error(Code::not_acceptable, "there is nothing here that can be rendered");
  }
  if (!accept_given(request)) return ChosenType{offered.front(), !one_item};
  for (const MediaRange& range : ranges) {
    const MediaType& media = range.media;
    if (media.is(kRelated)) {
      const std::string_view part = media.parameter("type");
      const auto wanted = parse_media_type(part.empty() ? "*/*" : part);
      const std::string type = wanted ? offered_for(*wanted, offered) : std::string();
      if (!type.empty()) return ChosenType{type, true};
    } else if (media.is("*/*")) {
      return ChosenType{offered.front(), !one_item};
    } else if (media.is("multipart/*")) {
      return ChosenType{offered.front(), true};
    } else if (const std::string type = offered_for(media, offered); one_item && !type.empty()) {
      return ChosenType{type, false};
    }
  }
  std::string all;
  for (const std::string& type : offered) all += (all.empty() ? "" : ", ") + type;
  return make_error(Code::not_acceptable,
                    "this is rendered as " + all + (one_item ? "" : ", in multipart/related"));
}

std::optional<dicom::ImageType> image_type(std::string_view text) {
  if (text == "image/jpeg") return dicom::ImageType::jpeg;
  if (text == "image/png") return dicom::ImageType::png;
  if (text == "image/gif") return dicom::ImageType::gif;
  return std::nullopt;
}

}  // namespace medarc::web

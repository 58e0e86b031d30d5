// Rendered resources and thumbnails (PS3.18 10.4.1.1.3, 10.4.1.1.5): single ones, and the instances
// of a study or series as parts that are rendered while they are sent.
#include "web/dicomweb/rendered.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "web/conditional.h"
#include "web/dicomweb/as_of.h"
#include "web/dicomweb/instances.h"
#include "web/dicomweb/presented.h"
#include "web/dicomweb/render_parameters.h"
#include "web/dicomweb/retrieve.h"
#include "web/http_error.h"
#include "web/multipart.h"

namespace medarc::web {
namespace {

using dicom::InstanceRow;
using dicom::RenderRequest;

// Rows looked at for a thumbnail's image: beside it stand reports and presentation states.
constexpr uint32_t kThumbnailRows = 64;

void add_warnings(const Request& request, const std::vector<std::string>& warnings,
                  Headers& headers) {
  for (const std::string& text : warnings) {
    headers.add("Warning", "299 " + request.base_url + std::string(kRoot) + ": " + text);
  }
}

// What a part or an answer of `type` asks of the renderer. All frames of a GIF move.
RenderRequest with_type(RenderRequest request, const std::string& type, bool cine) {
  if (const auto image = image_type(type)) request.type = *image;
  request.cine = cine && request.type == dicom::ImageType::gif;
  return request;
}

// Parts, each rendered when its turn comes. What turns out not to be renderable is left out: the
// others are worth having.
class Parts {
 public:
  using Next = std::function<Result<std::optional<RenderItem>>()>;
  Parts(ContextPtr context, security::Principal principal, Next next)
      : context_(std::move(context)), principal_(std::move(principal)), next_(std::move(next)) {}

  Result<std::optional<OutgoingPart>> operator()() {
    for (;;) {
      MEDARC_ASSIGN(auto item, next_());
      if (!item) return std::optional<OutgoingPart>();
      auto part = open(*item);
      if (part.has_value()) return std::optional<OutgoingPart>(std::move(*part));
      const Code code = part.error().code;
      const bool of_this_one = code == Code::not_acceptable || code == Code::too_large ||
                               code == Code::corrupt || code == Code::invalid_argument;
      if (!of_this_one) return part.error();
    }
  }

 private:
  Result<OutgoingPart> open(const RenderItem& item) {
    MEDARC_ASSIGN(const auto rendition,
                  context_->imaging.rendered(principal_, *item.row, item.request));
    MEDARC_ASSIGN(auto body, rendition.open());
    std::string headers =
        "Content-Type: " + body.media_type + "\r\nContent-Location: " + item.location + "\r\n";
    return OutgoingPart{std::move(headers), std::move(body.source)};
  }

  ContextPtr context_;
  security::Principal principal_;
  Next next_;
};

// An answer of many parts. `first` has been rendered already, so that its problem is the answer's.
Response many(const Request& request, std::optional<OutgoingPart> first, Parts parts,
              const std::string& type, int status, const std::vector<std::string>& warnings) {
  if (!first) {
    return problem(make_error(Code::not_acceptable, "nothing of this can be rendered"));
  }
  Response response;
  response.status = status;
  const std::string boundary = new_boundary();
  response.headers.add("Content-Type",
                       "multipart/related; type=\"" + type + "\"; boundary=" + boundary);
  response.headers.add("Vary", "Accept");
  add_warnings(request, warnings, response.headers);
  auto held = std::make_shared<std::optional<OutgoingPart>>(std::move(first));
  response.body = multipart(boundary,
                            [held, parts = std::make_shared<Parts>(std::move(
                                       parts))]() mutable -> Result<std::optional<OutgoingPart>> {
                              if (*held) return std::exchange(*held, std::nullopt);
                              return (*parts)();
                            });
  return response;
}

Answer study_or_series(const ContextPtr& context, const Request& request) {
  auto parameters = render_parameters(request);
  if (parameters.has_error()) return problem(parameters.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  const auto at = as_of_many(*view, request);
  if (at.has_error()) return problem(at.error());
  uint64_t all = 0, fitting = 0;
  std::string type;
  Error unfit = make_error(Code::not_acceptable, "there is nothing here that can be rendered");
  for (Instances instances(view, request, *at);;) {
    auto row = instances.next();
    if (row.has_error()) return problem(row.error());
    if (!*row) break;
    ++all;
    auto chosen = choose_rendered(request, dicom::rendered_types(**row), false);
    if (chosen.has_error()) {
      if (chosen.error().code != Code::not_acceptable) return problem(chosen.error());
      if (!dicom::rendered_types(**row).empty()) unfit = chosen.error();
      continue;
    }
    if (++fitting == 1) type = chosen->type;
  }
  if (all == 0) {
    return problem(*at ? missing_then(*view, request, **at)
                       : make_error(Code::not_found, "there is no such study or series"));
  }
  if (fitting == 0) return problem(unfit);
  auto instances = std::make_shared<Instances>(view, request, *at);
  auto next = [context, request, instances, wish = parameters->request,
               shown = std::deque<RenderItem>(),
               at = *at]() mutable -> Result<std::optional<RenderItem>> {
    for (;;) {
      if (!shown.empty()) {
        RenderItem item = std::move(shown.front());
        shown.pop_front();
        return std::optional<RenderItem>(std::move(item));
      }
      MEDARC_ASSIGN(auto row, instances->next());
      if (!row) return std::optional<RenderItem>();
      const auto chosen = choose_rendered(request, dicom::rendered_types(*row), false);
      if (chosen.has_error()) continue;
      const RenderRequest own = with_type(wish, chosen->type, true);
      if (dicom::rendered_kind(*row) == dicom::RenderedKind::presentation) {
        // One that shows nothing is left out, as an image would be that cannot be rendered, and
        // so is one of a moment: its images are those of now.
        if (at) continue;
        auto images = shown_by(*context, request, *instances->view(), *row, own);
        if (images.has_value()) {
          std::move(images->items.begin(), images->items.end(), std::back_inserter(shown));
        }
        continue;
      }
      std::string location =
          instance_url(request.base_url, row->study, row->series, row->uid) + "/rendered";
      return std::optional<RenderItem>(RenderItem{
          std::make_shared<const InstanceRow>(std::move(*row)), own, std::move(location)});
    }
  };
  Parts parts(context, at_door(request), std::move(next));
  auto first = parts();
  if (first.has_error()) return problem(first.error());
  return many(request, std::move(*first), std::move(parts), type, fitting == all ? 200 : 206,
              parameters->warnings);
}

// The images of a presentation state, as one answer when there is one.
Answer presented(const ContextPtr& context, const Request& request, index::View& view,
                 const InstanceRow& state, const RenderParameters& parameters) {
  auto shown = shown_by(*context, request, view, state, parameters.request);
  if (shown.has_error()) return problem(shown.error());
  const bool one = shown->items.size() == 1 && shown->whole;
  auto chosen = choose_rendered(request, dicom::rendered_types(state), one);
  if (chosen.has_error()) return problem(chosen.error());
  for (RenderItem& item : shown->items) {
    const bool all_frames = !item.request.frame;
    item.request = with_type(std::move(item.request), chosen->type, all_frames);
  }
  if (!chosen->multipart) {
    const RenderItem& item = shown->items.front();
    return rendered_answer(*context, request, *item.row, item.request, chosen->type,
                           parameters.warnings);
  }
  auto next = [items = std::move(shown->items),
               at = size_t{0}]() mutable -> Result<std::optional<RenderItem>> {
    if (at == items.size()) return std::optional<RenderItem>();
    return std::optional<RenderItem>(std::move(items[at++]));
  };
  Parts parts(context, at_door(request), std::move(next));
  auto first = parts();
  if (first.has_error()) return problem(first.error());
  return many(request, std::move(*first), std::move(parts), chosen->type, shown->whole ? 200 : 206,
              parameters.warnings);
}

Answer instance(const ContextPtr& context, const Request& request) {
  auto parameters = render_parameters(request);
  if (parameters.has_error()) return problem(parameters.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto row = find_instance(*view, request);
  if (row.has_error()) return problem(row.error());
  if (dicom::rendered_kind(*row) == dicom::RenderedKind::presentation) {
    // Its images are those of now.
    if (const Status now = refuse_as_of(request); now.has_error()) return problem(now.error());
    return presented(context, request, *view, *row, *parameters);
  }
  auto chosen = choose_rendered(request, dicom::rendered_types(*row), true);
  if (chosen.has_error()) return problem(chosen.error());
  RenderRequest wish = with_type(parameters->request, chosen->type, true);
  if (!chosen->multipart) {
    return rendered_answer(*context, request, *row, std::move(wish), chosen->type,
                           parameters->warnings);
  }
  const std::string location =
      instance_url(request.base_url, row->study, row->series, row->uid) + "/rendered";
  auto item = std::make_shared<std::optional<RenderItem>>(
      RenderItem{std::make_shared<const InstanceRow>(std::move(*row)), wish, location});
  Parts parts(context, at_door(request), [item]() -> Result<std::optional<RenderItem>> {
    return std::exchange(*item, std::nullopt);
  });
  auto first = parts();
  if (first.has_error()) return problem(first.error());
  return many(request, std::move(*first), std::move(parts), chosen->type, 200,
              parameters->warnings);
}

Answer frames(const ContextPtr& context, const Request& request) {
  auto numbers = parse_frame_list(request.captures[3], context->options.frames_max);
  if (numbers.has_error()) return problem(numbers.error());
  auto parameters = render_parameters(request);
  if (parameters.has_error()) return problem(parameters.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto row = find_instance(*view, request);
  if (row.has_error()) return problem(row.error());
  if (dicom::rendered_kind(*row) != dicom::RenderedKind::image) {
    return problem(make_error(Code::not_acceptable, "the instance has no frames to be rendered"));
  }
  auto chosen = choose_rendered(request, dicom::rendered_types(*row), numbers->size() == 1);
  if (chosen.has_error()) return problem(chosen.error());
  // W2: any frame that does not exist, and the whole is 404.
  auto there = dicom::frames_count(*row);
  if (there.has_error()) return problem(there.error());
  for (const uint32_t number : *numbers) {
    if (number > *there) {
      return problem(make_error(Code::not_found, "there is no frame " + std::to_string(number)));
    }
  }
  RenderRequest wish = with_type(parameters->request, chosen->type, false);
  if (!chosen->multipart) {
    wish.frame = numbers->front();
    return rendered_answer(*context, request, *row, std::move(wish), chosen->type,
                           parameters->warnings);
  }
  const std::string base =
      instance_url(request.base_url, row->study, row->series, row->uid) + "/frames/";
  auto next = [row = std::make_shared<const InstanceRow>(std::move(*row)), wish, base,
               list = *numbers, at = size_t{0}]() mutable -> Result<std::optional<RenderItem>> {
    if (at == list.size()) return std::optional<RenderItem>();
    RenderItem item{row, wish, base + std::to_string(list[at]) + "/rendered"};
    item.request.frame = list[at++];
    return std::optional<RenderItem>(std::move(item));
  };
  Parts parts(context, at_door(request), std::move(next));
  auto first = parts();
  if (first.has_error()) return problem(first.error());
  return many(request, std::move(*first), std::move(parts), chosen->type, 200,
              parameters->warnings);
}

// The instance that stands for a study or series: the image in the middle, or the first one after
// it, or before it.
Result<InstanceRow> representative(const ContextPtr& context, const Request& request) {
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  if (request.captures.size() > 2) {
    MEDARC_ASSIGN(InstanceRow row, find_instance(*view, request));
    if (dicom::rendered_kind(row) == dicom::RenderedKind::image) return row;
    return make_error(Code::not_found, "the instance has no image");
  }
  MEDARC_TRY(refuse_as_of(request));  // which image stands for it now is all that is known
  index::Query query;
  query.kind = index::Kind::instance;
  query.study = dicom::StudyUid(request.captures[0]);
  if (request.captures.size() > 1) query.series = dicom::SeriesUid(request.captures[1]);
  query.order = index::Order::by_id;
  MEDARC_ASSIGN(const index::Count count, view->count(query, 0));
  query.limit = kThumbnailRows;
  for (const uint64_t offset : {count.rows / 2, uint64_t{0}}) {
    query.offset = offset;
    MEDARC_ASSIGN(const index::Page page, view->query(query));
    for (const index::Match& match : page.matches) {
      MEDARC_ASSIGN(InstanceRow row, index::decode_instance(match.row.value));
      if (dicom::rendered_kind(row) == dicom::RenderedKind::image) return row;
    }
  }
  return make_error(Code::not_found, count.rows == 0 ? "there is no such study or series"
                                                     : "there is no image to make one of");
}

Answer thumbnail(const ContextPtr& context, const Request& request) {
  auto parameters = thumbnail_parameters(request, context->options.thumbnail_edge_max);
  if (parameters.has_error()) return problem(parameters.error());
  auto row = representative(context, request);
  if (row.has_error()) return problem(row.error());
  auto chosen = choose_rendered(request, dicom::rendered_types(*row), true);
  if (chosen.has_error()) return problem(chosen.error());
  RenderRequest wish = with_type(parameters->request, chosen->type, false);
  if (request.captures.size() > 3) {
    auto numbers = parse_frame_list(request.captures[3], 1);
    if (numbers.has_error()) return problem(numbers.error());
    wish.frame = numbers->front();
  }
  return rendered_answer(*context, request, *row, std::move(wish), chosen->type,
                         parameters->warnings);
}

}  // namespace

Response rendered_answer(const DicomwebContext& context, const Request& http,
                         const InstanceRow& row, RenderRequest request, const std::string& type,
                         const std::vector<std::string>& warnings) {
  if (const auto image = image_type(type)) request.type = *image;
  auto rendition = context.imaging.rendered(at_door(http), row, request);
  if (rendition.has_error()) return problem(rendition.error());
  if (auto early = check_preconditions(http, rendition->etag)) return std::move(*early);
  auto body = rendition->open();
  if (body.has_error()) return problem(body.error());
  Response response;
  response.headers.add("Content-Type", body->media_type);
  response.headers.add("ETag", '"' + rendition->etag + '"');
  response.headers.add("Vary", "Accept");
  response.headers.add("Cache-Control", "private, no-cache");
  // A document of others may hold scripts, and browsers run those of XML.
  if (body->media_type == "text/xml") {
    response.headers.add("Content-Security-Policy", "sandbox; default-src 'none'");
  }
  add_warnings(http, warnings, response.headers);
  response.body_bytes = body->bytes;
  response.body = std::move(body->source);
  return response;
}

void add_rendered_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto add = [&](std::string path, std::string summary,
                       Answer (*answer)(const ContextPtr&, const Request&)) {
    out.push_back({"GET", std::move(path), std::move(summary),
                   [context, answer](const Request& request) { return answer(context, request); }});
  };
  const std::string study = std::string(kRoot) + "/studies/{study}";
  const std::string series = study + "/series/{series}";
  const std::string one = series + "/instances/{instance}";
  const std::string frame = one + "/frames/{frames}";
  add(study + "/rendered", "The instances of a study, rendered (WADO-RS).", study_or_series);
  add(series + "/rendered", "The instances of a series, rendered (WADO-RS).", study_or_series);
  add(one + "/rendered", "An instance as image, video or document (WADO-RS).", instance);
  add(frame + "/rendered", "Frames as images (WADO-RS).", frames);
  for (const std::string& level : {study, series, one, frame}) {
    add(level + "/thumbnail", "A small image of it (WADO-RS).", thumbnail);
  }
}

}  // namespace medarc::web

// WADO-RS pixel data of an instance, a series or a study (PS3.18 10.1.1, 10.4.3.3.6).
#include <utility>

#include "archive/hash.h"
#include "web/dicomweb/as_of.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/instances.h"
#include "web/dicomweb/pixel_parts.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using dicom::Form;
using dicom::InstanceRow;

Error no_pixels() { return make_error(Code::not_found, "there is no pixel data"); }

std::string etag_of(const InstanceRow& row, const Form& form) {
  return row.dataset.hex().substr(0, 32) + "-p-" +
         (form == Form::stored ? "s" : "e" + std::string(form.transfer_syntax()));
}

Response in_parts(std::string type, const std::string& boundary, const std::string& etag,
                  std::function<Result<std::optional<OutgoingPart>>()> next) {
  Response response;
  response.headers.add("Content-Type", std::move(type));
  response.headers.add("Vary", "Accept");
  response.headers.add("ETag", '"' + etag + "-multipart\"");
  response.body = multipart(boundary, std::move(next));
  return response;
}

// All parts of one instance behind the first, which is open already.
Response instance_parts(BulkItem first, PixelParts parts, const std::string& media_type,
                        const std::string& etag) {
  const std::string boundary = new_boundary();
  std::optional<uint64_t> bytes;
  if (parts.count() == 1 && first.content.bytes) {
    MultipartLength length(boundary);
    length.add(part_header_bytes(first), *first.content.bytes);
    bytes = length.end();
  }
  struct State {
    std::optional<BulkItem> first;
    PixelParts parts;
  };
  const std::string type = related_type(media_type, parts.transfer_syntax(), boundary);
  auto state = std::make_shared<State>(State{std::move(first), std::move(parts)});
  Response response =
      in_parts(type, boundary, etag, [state]() -> Result<std::optional<OutgoingPart>> {
        std::optional<BulkItem> item = std::exchange(state->first, std::nullopt);
        if (!item) {
          MEDARC_ASSIGN(item, state->parts.next());
        }
        if (!item) return std::optional<OutgoingPart>();
        return std::optional<OutgoingPart>(as_part(std::move(*item)));
      });
  response.body_bytes = bytes;
  return response;
}

Answer of_instance(const ContextPtr& context, const Request& request) {
  auto options = wanted_bulk(request, true);
  if (options.has_error()) return problem(options.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto row = find_instance(*view, request);
  if (row.has_error()) return problem(row.error());
  const auto frames = dicom::frames_count(*row);
  if (frames.has_error()) return problem(frames.error());
  if (*frames == 0) return problem(no_pixels());
  for (const Wanted& wanted : *options) {
    for (FrameForm& form : frame_forms_for(wanted, row->transfer_syntax.value)) {
      PixelParts parts(context, at_door(request), *row, *frames, form, request.base_url);
      if (wanted.single_part && parts.count() > 1) continue;  // N4
      auto first = parts.next();
      if (first.has_error() && first.error().code == Code::not_acceptable) continue;
      if (first.has_error()) return retrieve_problem(first.error());
      const std::string etag = etag_of(*row, form.form);
      if (wanted.single_part) return single_item(request, std::move(**first), etag);
      return instance_parts(std::move(**first), std::move(parts), form.media_type, etag);
    }
  }
  return problem(
      make_error(Code::not_acceptable,
                 "the pixel data is stored as " + row->transfer_syntax.value +
                     " and cannot be given as asked; transfer-syntax=* means as stored"));
}

// The instances with pixel data of a study or series: how many can be given as `wanted` says, told
// from their rows, and a tag that changes with any of their bytes.
struct Fit {
  uint64_t instances = 0, with_pixels = 0, fitting = 0;
  std::string etag;
};
Result<Fit> measure(Instances instances, const Wanted& wanted, const std::string& base_url) {
  Fit out;
  archive::Sha256 hash;
  hash.update(wanted.type + "\n" + wanted.transfer_syntax + "\n" + base_url + "\n");
  for (;;) {
    MEDARC_ASSIGN(const auto row, instances.next());
    if (!row) break;
    ++out.instances;
    MEDARC_ASSIGN(const uint32_t frames, dicom::frames_count(*row));
    if (frames == 0) continue;
    ++out.with_pixels;
    for (const FrameForm& form : frame_forms_for(wanted, row->transfer_syntax.value)) {
      if (!may_have(*row, form.form)) continue;
      ++out.fitting;
      hash.update(row->dataset.view());
      break;
    }
  }
  out.etag = hash.finish().hex().substr(0, 32) + "-p";
  return out;
}

// Their parts, instance by instance.
class Stream {
 public:
  Stream(ContextPtr context, security::Principal principal, Instances instances, Wanted wanted,
         std::string base_url)
      : context_(std::move(context)),
        principal_(std::move(principal)),
        instances_(std::move(instances)),
        wanted_(std::move(wanted)),
        base_url_(std::move(base_url)) {}

  Result<std::optional<BulkItem>> next() {
    for (;;) {
      if (parts_) {
        MEDARC_ASSIGN(auto item, parts_->next());
        if (item) return std::optional<BulkItem>(std::move(*item));
        parts_.reset();
      }
      MEDARC_ASSIGN(const auto row, instances_.next());
      if (!row) return std::optional<BulkItem>();
      MEDARC_ASSIGN(const uint32_t frames, dicom::frames_count(*row));
      if (frames == 0) continue;
      MEDARC_ASSIGN(auto item, first_of(*row, frames));
      if (item) return std::optional<BulkItem>(std::move(*item));
    }
  }
  const std::string& media_type() const { return media_type_; }  // of the last one given

 private:
  // The first part in the first form that the instance has; nullopt: it has none. What nobody asked
  // to be expanded goes out as it is stored when that fails, so that one damaged image does not end
  // the answer for its study.
  Result<std::optional<BulkItem>> first_of(const InstanceRow& row, uint32_t frames) {
    const auto forms = frame_forms_for(wanted_, row.transfer_syntax.value);
    for (size_t i = 0; i < forms.size(); ++i) {
      PixelParts parts(context_, principal_, row, frames, forms[i], base_url_);
      auto item = parts.next();
      if (item.has_value()) {
        parts_.emplace(std::move(parts));
        media_type_ = forms[i].media_type;
        return item;
      }
      if (item.error().code != Code::not_acceptable && i + 1 == forms.size()) return item.error();
    }
    return std::optional<BulkItem>();
  }

  ContextPtr context_;
  security::Principal principal_;
  Instances instances_;
  Wanted wanted_;
  std::string base_url_;
  std::optional<PixelParts> parts_;
  std::string media_type_;
};

Answer of_many(const ContextPtr& context, const Request& request) {
  auto options = wanted_bulk(request, false);
  if (options.has_error()) return problem(options.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  const auto at = as_of_many(*view, request);
  if (at.has_error()) return problem(at.error());
  const auto not_acceptable = [] {
    return problem(make_error(Code::not_acceptable,
                              "no pixel data can be given as asked; transfer-syntax=* means any"));
  };
  for (const Wanted& wanted : *options) {
    auto fit = measure(Instances(view, request, *at), wanted, request.base_url);
    if (fit.has_error()) return problem(fit.error());
    if (fit->instances == 0) {
      return problem(*at ? missing_then(*view, request, **at) : missing(*view, request));
    }
    if (fit->with_pixels == 0) return problem(no_pixels());
    if (fit->fitting == 0) continue;
    auto stream = std::make_shared<Stream>(context, at_door(request), Instances(view, request, *at),
                                           wanted, request.base_url);
    auto first = stream->next();
    if (first.has_error()) return retrieve_problem(first.error());
    if (!*first) return not_acceptable();
    const std::string boundary = new_boundary();
    auto held = std::make_shared<std::optional<BulkItem>>(std::move(*first));
    Response response =
        in_parts(related_type(stream->media_type(), {}, boundary), boundary, fit->etag,
                 [held, stream]() -> Result<std::optional<OutgoingPart>> {
                   std::optional<BulkItem> item = std::exchange(*held, std::nullopt);
                   if (!item) {
                     MEDARC_ASSIGN(item, stream->next());
                   }
                   if (!item) return std::optional<OutgoingPart>();
                   return std::optional<OutgoingPart>(as_part(std::move(*item)));
                 });
    response.status = fit->fitting == fit->with_pixels ? 200 : 206;  // W1
    return response;
  }
  return not_acceptable();
}

}  // namespace

void add_pixel_data_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto add = [&](const std::string& path, std::string summary,
                       Answer (*answer)(const ContextPtr&, const Request&)) {
    out.push_back({"GET", path + "/pixeldata", std::move(summary),
                   [context, answer](const Request& request) { return answer(context, request); }});
  };
  const std::string study = std::string(kRoot) + "/studies/{study}";
  const std::string series = study + "/series/{series}";
  add(study, "Pixel data of a study (WADO-RS).", of_many);
  add(series, "Pixel data of a series (WADO-RS).", of_many);
  add(series + "/instances/{instance}", "Pixel data of an instance (WADO-RS).", of_instance);
}

}  // namespace medarc::web

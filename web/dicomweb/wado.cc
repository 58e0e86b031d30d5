// WADO-RS objects (PS3.18 10.4).
#include <algorithm>
#include <utility>

#include "web/conditional.h"
#include "web/dicomweb/as_of.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/instances.h"
#include "web/dicomweb/retrieve.h"
#include "web/dicomweb/zip_answer.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using dicom::Form;
using dicom::InstanceRow;

std::string dicom_type(std::string_view syntax) {
  return std::string(kDicom) + "; transfer-syntax=" + std::string(syntax);
}

std::string part_headers(const InstanceRow& row, const dicom::Shape& shape,
                         const std::string& base_url) {
  std::string out =
      "Content-Type: " + dicom_type(shape.transfer_syntax.value) +
      "\r\nContent-Location: " + instance_url(base_url, row.study, row.series, row.uid) + "\r\n";
  if (shape.bytes) out += "Content-Length: " + std::to_string(*shape.bytes) + "\r\n";
  return out;
}

// How many instances of the study or series can be given as `wanted` says, and how long the answer
// then is, when every length is known.
struct Fit {
  uint64_t fitting = 0, all = 0;
  std::optional<uint64_t> bytes;
};
Result<Fit> measure(Instances instances, const Wanted& wanted, std::string_view boundary,
                    const std::string& base_url) {
  Fit out;
  MultipartLength length(boundary);
  bool known = true;
  for (;;) {
    MEDARC_ASSIGN(const auto row, instances.next());
    if (!row) break;
    ++out.all;
    const auto forms = forms_for(wanted, row->transfer_syntax.value);
    if (forms.empty() || !may_have(*row, forms.front())) continue;
    ++out.fitting;
    const dicom::Shape shape = shape_of(*row, forms.front());
    known = known && shape.bytes;
    if (known) length.add(part_headers(*row, shape, base_url).size(), *shape.bytes);
  }
  if (known) out.bytes = length.end();
  return out;
}

Answer retrieve_many(const ContextPtr& context, const Request& request) {
  auto options = wanted_objects(request, false);
  if (options.has_error()) return problem(options.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  const auto at = as_of_many(*view, request);
  if (at.has_error()) return problem(at.error());
  const std::string boundary = new_boundary();
  std::optional<Wanted> chosen;
  Fit fit;
  for (const Wanted& wanted : *options) {
    auto measured = measure(Instances(view, request, *at), wanted, boundary, request.base_url);
    if (measured.has_error()) return problem(measured.error());
    fit = *measured;
    if (fit.all == 0) {
      return problem(*at ? missing_then(*view, request, **at) : missing(*view, request));
    }
    if (fit.fitting > 0) {
      chosen = wanted;
      break;
    }
  }
  if (!chosen) {
    return problem(make_error(Code::not_acceptable,
                              "no instance has the transfer syntax asked for; * means any"));
  }
  const int status = fit.fitting == fit.all ? 200 : 206;  // W1: some cannot be given
  auto instances = std::make_shared<Instances>(view, request, *at);
  if (chosen->type == kZip) {
    if (fit.fitting > context->options.zip_instances_max) {
      return problem(
          make_error(Code::too_large, "the ZIP archive would have more than " +
                                          std::to_string(context->options.zip_instances_max) +
                                          " instances; multipart has no such limit"));
    }
    return zip_answer(
        context, request, view, [instances] { return instances->next(); }, *chosen,
        request.captures.back(), status);
  }
  Response response;
  response.status = status;
  response.body_bytes = fit.bytes;
  response.headers.add("Content-Type",
                       "multipart/related; type=\"application/dicom\"; boundary=" + boundary);
  response.headers.add("Vary", "Accept");
  const auto next = [context, instances, wanted = *chosen, principal = at_door(request),
                     base_url = request.base_url]() -> Result<std::optional<OutgoingPart>> {
    for (;;) {
      MEDARC_ASSIGN(const auto row, instances->next());
      if (!row) return std::optional<OutgoingPart>();
      auto content = open_as(*context, principal, *row, wanted, true);
      if (content.has_error() && content.error().code == Code::not_acceptable) continue;
      if (content.has_error()) return content.error();
      return std::optional<OutgoingPart>(
          OutgoingPart{part_headers(*row, {content->transfer_syntax, content->bytes}, base_url),
                       std::move(content->source)});
    }
  };
  // The first one is opened now, so that what is not allowed is refused before the answer begins.
  auto first = next();
  if (first.has_error()) return retrieve_problem(first.error());
  if (!*first) {
    return problem(make_error(Code::not_acceptable, "no instance can be given as asked"));
  }
  auto held = std::make_shared<std::optional<OutgoingPart>>(std::move(*first));
  response.body = multipart(boundary, [held, next]() -> Result<std::optional<OutgoingPart>> {
    if (*held) return std::exchange(*held, std::nullopt);
    return next();
  });
  return response;
}

Answer retrieve_instance(const ContextPtr& context, const Request& request) {
  auto options = wanted_objects(request, true);
  if (options.has_error()) return problem(options.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto row = find_instance(*view, request);
  if (row.has_error()) return problem(row.error());
  for (const Wanted& wanted : *options) {
    if (wanted.type == kZip) {
      if (forms_for(wanted, row->transfer_syntax.value).empty()) continue;
      auto only = std::make_shared<std::optional<InstanceRow>>(*row);
      Response zipped = zip_answer(
          context, request, view,
          [only]() -> Result<std::optional<InstanceRow>> {
            return std::exchange(*only, std::nullopt);
          },
          wanted, request.captures.back(), 200);
      if (zipped.status == 406) continue;
      return zipped;
    }
    auto content = open_as(*context, at_door(request), *row, wanted, false);
    if (content.has_error() && content.error().code == Code::not_acceptable) continue;
    if (content.has_error()) return retrieve_problem(content.error());
    if (wanted.single_part) return single_object(request, std::move(*content), *row, false);
    Response response;
    const std::string boundary = new_boundary();
    response.headers.add("Content-Type",
                         "multipart/related; type=\"application/dicom\"; boundary=" + boundary);
    response.headers.add("Vary", "Accept");
    if (!content->etag.empty()) response.headers.add("ETag", '"' + content->etag + "-multipart\"");
    auto part = std::make_shared<std::optional<OutgoingPart>>(OutgoingPart{
        part_headers(*row, {content->transfer_syntax, content->bytes}, request.base_url),
        std::move(content->source)});
    if (content->bytes) {
      MultipartLength length(boundary);
      length.add((*part)->headers.size(), *content->bytes);
      response.body_bytes = length.end();
    }
    response.body = multipart(boundary, [part]() -> Result<std::optional<OutgoingPart>> {
      return std::exchange(*part, std::nullopt);
    });
    return response;
  }
  return problem(make_error(
      Code::not_acceptable,
      "the instance is stored as " + row->transfer_syntax.value + " and cannot be given as asked"));
}

// An object with zeros for its preamble (S10): what else the file was by its first bytes, it is no
// more.
class BlankPreamble final : public ByteSource {
 public:
  explicit BlankPreamble(std::unique_ptr<ByteSource> object) : object_(std::move(object)) {}
  Result<size_t> read(char* out, size_t capacity) override {
    MEDARC_ASSIGN(const size_t n, object_->read(out, capacity));
    const size_t blanks = std::min(n, left_);
    std::fill_n(out, blanks, '\0');
    left_ -= blanks;
    return n;
  }

 private:
  const std::unique_ptr<ByteSource> object_;
  size_t left_ = 128;  // PS3.10 7.1
};

Answer retrieve_original(const ContextPtr& context, const Request& request) {
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto row = find_instance(*view, request);
  if (row.has_error()) return problem(row.error());
  auto content = context->imaging.object(at_door(request), *row, Form::original);
  if (content.has_error()) return problem(content.error());
  return single_object(request, std::move(*content), *row, true);
}

}  // namespace

Result<dicom::Content> open_as(const DicomwebContext& context, const security::Principal& principal,
                               const InstanceRow& row, const Wanted& wanted, bool one_of_many) {
  const auto forms = forms_for(wanted, row.transfer_syntax.value);
  for (size_t i = 0; i < forms.size(); ++i) {
    auto content = context.imaging.object(principal, row, forms[i]);
    const bool next_may_do = i + 1 < forms.size() && one_of_many;
    if (content.has_value() && context.options.blank_preamble) {
      content->source = std::make_unique<BlankPreamble>(std::move(content->source));
      content->etag += "z";
    }
    if (content.has_value() || (content.error().code != Code::not_acceptable && !next_may_do)) {
      return content;
    }
  }
  return make_error(Code::not_acceptable, "the instance is stored as " + row.transfer_syntax.value +
                                              " and cannot be given as asked");
}

Response single_object(const Request& request, dicom::Content content, const InstanceRow& row,
                       bool as_file) {
  const std::string type = dicom_type(content.transfer_syntax.value);
  if (content.bytes) {
    Representation thing;
    thing.content_type = type;
    thing.etag = content.etag;
    thing.bytes = *content.bytes;
    if (as_file) thing.filename = row.uid.value + ".dcm";
    auto source = std::make_shared<std::unique_ptr<ByteSource>>(std::move(content.source));
    thing.open = [source](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
      return part_of(std::move(*source), range);
    };
    Response response = serve(request, thing);
    response.headers.set("Vary", "Accept");
    return response;
  }
  Response response;
  response.headers.add("Content-Type", type);
  response.headers.add("Vary", "Accept");
  if (!content.etag.empty()) response.headers.add("ETag", '"' + content.etag + '"');
  response.body = std::move(content.source);
  return response;
}

void add_wado_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto add = [&](std::string path, std::string summary,
                       Answer (*answer)(const ContextPtr&, const Request&)) {
    out.push_back({"GET", std::move(path), std::move(summary),
                   [context, answer](const Request& request) { return answer(context, request); }});
  };
  const std::string study = std::string(kRoot) + "/studies/{study}";
  const std::string instance = study + "/series/{series}/instances/{instance}";
  add(study, "Retrieve a study (WADO-RS).", retrieve_many);
  add(study + "/series/{series}", "Retrieve a series (WADO-RS).", retrieve_many);
  add(instance, "Retrieve an instance (WADO-RS).", retrieve_instance);
  add(instance + "/original", "The file exactly as it was received.", retrieve_original);
}

}  // namespace medarc::web

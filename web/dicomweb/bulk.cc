// WADO-RS frames and bulk data (PS3.18 10.4.1.1.3-4): the parts viewers ask for most.
#include <algorithm>

#include "web/dicomweb/bulk_items.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/retrieve.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using dicom::Form;
using dicom::InstanceRow;

Response many_items(std::vector<BulkItem> items, const std::string& type, std::string_view syntax,
                    const std::string& etag) {
  Response response;
  const std::string boundary = new_boundary();
  response.headers.add("Content-Type", related_type(type, syntax, boundary));
  response.headers.add("Vary", "Accept");
  if (!etag.empty()) response.headers.add("ETag", '"' + etag + "-multipart\"");
  MultipartLength length(boundary);
  bool known = true;
  for (const BulkItem& item : items) {
    known = known && item.content.bytes;
    if (known) length.add(part_header_bytes(item), *item.content.bytes);
  }
  if (known) response.body_bytes = length.end();
  auto left = std::make_shared<std::vector<BulkItem>>(std::move(items));
  response.body =
      multipart(boundary, [left, at = size_t{0}]() mutable -> Result<std::optional<OutgoingPart>> {
        if (at == left->size()) return std::optional<OutgoingPart>();
        return std::optional<OutgoingPart>(as_part(std::move((*left)[at++])));
      });
  return response;
}

Answer frames(const ContextPtr& context, const Request& request) {
  auto numbers = parse_frame_list(request.captures[3], context->options.frames_max);
  if (numbers.has_error()) return problem(numbers.error());
  auto options = wanted_bulk(request, numbers->size() == 1);
  if (options.has_error()) return problem(options.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto row = find_instance(*view, request);
  if (row.has_error()) return problem(row.error());
  for (const Wanted& wanted : *options) {
    for (const auto& [form, type] : frame_forms_for(wanted, row->transfer_syntax.value)) {
      auto found = context->imaging.frames(at_door(request), *row, *numbers, form);
      if (found.has_error() && found.error().code == Code::not_acceptable) continue;
      if (found.has_error()) return retrieve_problem(found.error());
      const std::string& syntax = found->transfer_syntax.value;
      const std::string etag =
          row->dataset.hex().substr(0, 32) + "-f" + request.captures[3] + "-" +
          (form == Form::stored ? "s" : "e" + std::string(form.transfer_syntax()));
      const std::string part_type = type_in(type, syntax);
      if (wanted.single_part) {
        return single_item(request, {std::move(found->frames[0]), part_type, ""}, etag);
      }
      const std::string base =
          instance_url(request.base_url, row->study, row->series, row->uid) + "/frames/";
      std::vector<BulkItem> items;
      for (size_t i = 0; i < found->frames.size(); ++i) {
        items.push_back(
            {std::move(found->frames[i]), part_type, base + std::to_string((*numbers)[i])});
      }
      return many_items(std::move(items), type, syntax, etag);
    }
  }
  return problem(make_error(Code::not_acceptable, "the frames are stored as " +
                                                      row->transfer_syntax.value +
                                                      " and cannot be given as asked; "
                                                      "transfer-syntax=* means as stored"));
}

Answer bulkdata(const ContextPtr& context, const Request& request) {
  auto options = wanted_bulk(request, true);
  if (options.has_error()) return problem(options.error());
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto row = find_instance(*view, request);
  if (row.has_error()) return problem(row.error());
  const auto fits = [](const Wanted& w) {
    return w.type.empty() || w.type == kOctets || w.type == "application/*";
  };
  const auto wanted = std::find_if(options->begin(), options->end(), fits);
  if (wanted == options->end()) {
    return problem(make_error(Code::not_acceptable, "bulk data is application/octet-stream"));
  }
  auto content = context->imaging.bulkdata(at_door(request), *row, request.captures[3]);
  if (content.has_error()) return problem(content.error());
  const std::string etag = content->etag;
  // Multipart only for those who ask for it: one value is one body, and Range works on that.
  bool asked_multipart = false;
  for (const MediaRange& range : accepted_types(request)) {
    asked_multipart = asked_multipart || range.media.is(kRelated);
  }
  if (wanted->single_part || !asked_multipart) {
    return single_item(request, {std::move(*content), std::string(kOctets), ""}, etag);
  }
  std::vector<BulkItem> items;
  items.push_back({std::move(*content), std::string(kOctets),
                   instance_url(request.base_url, row->study, row->series, row->uid) +
                       "/bulkdata/" + request.captures[3]});
  return many_items(std::move(items), std::string(kOctets), {}, etag);
}

}  // namespace

void add_bulk_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto add = [&](std::string path, std::string summary,
                       Answer (*answer)(const ContextPtr&, const Request&)) {
    out.push_back({"GET", std::move(path), std::move(summary),
                   [context, answer](const Request& request) { return answer(context, request); }});
  };
  const std::string instance =
      std::string(kRoot) + "/studies/{study}/series/{series}/instances/{instance}";
  add(instance + "/frames/{frames}", "Frames of an instance (WADO-RS).", frames);
  add(instance + "/bulkdata/{path...}", "One value of an instance (WADO-RS).", bulkdata);
}

}  // namespace medarc::web

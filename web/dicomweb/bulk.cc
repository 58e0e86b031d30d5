// WADO-RS frames and bulk data (PS3.18 10.4.1.1.3-4): the parts viewers ask for most.
#include <algorithm>

#include "web/conditional.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/retrieve.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using dicom::Form;
using dicom::InstanceRow;

std::string frame_type(const std::string& media_type, std::string_view syntax) {
  return media_type + "; transfer-syntax=" + std::string(syntax);
}

Response single_item(const Request& request, dicom::Content content, std::string type,
                     std::string etag) {
  Response response;
  if (content.bytes) {
    Representation thing;
    thing.content_type = std::move(type);
    thing.etag = std::move(etag);
    thing.bytes = *content.bytes;
    auto source = std::make_shared<std::unique_ptr<ByteSource>>(std::move(content.source));
    thing.open = [source](ByteRange range) -> Result<std::unique_ptr<ByteSource>> {
      return part_of(std::move(*source), range);
    };
    response = serve(request, thing);
  } else {
    response.headers.add("Content-Type", std::move(type));
    response.body = std::move(content.source);
  }
  response.headers.set("Vary", "Accept");
  return response;
}

struct Item {
  dicom::Content content;
  std::string location;
};

std::string item_headers(const Item& item, const std::string& part_type) {
  return "Content-Type: " + part_type + "\r\nContent-Location: " + item.location + "\r\n";
}

Response many_items(std::vector<Item> items, const std::string& type, std::string_view syntax,
                    const std::string& etag) {
  Response response;
  const std::string boundary = new_boundary();
  std::string whole = "multipart/related; type=\"" + type + "\"";
  if (!syntax.empty())
    whole += "; transfer-syntax=" + std::string(syntax);  // N9: outside the quotes
  response.headers.add("Content-Type", whole + "; boundary=" + boundary);
  response.headers.add("Vary", "Accept");
  if (!etag.empty()) response.headers.add("ETag", '"' + etag + "-multipart\"");
  const std::string part_type = syntax.empty() ? type : frame_type(type, syntax);
  MultipartLength length(boundary);
  bool known = true;
  for (const Item& item : items) {
    known = known && item.content.bytes;
    if (known) length.add(item_headers(item, part_type).size(), *item.content.bytes);
  }
  if (known) response.body_bytes = length.end();
  auto left = std::make_shared<std::vector<Item>>(std::move(items));
  response.body = multipart(
      boundary, [left, part_type, at = size_t{0}]() mutable -> Result<std::optional<OutgoingPart>> {
        if (at == left->size()) return std::optional<OutgoingPart>();
        Item& item = (*left)[at++];
        return std::optional<OutgoingPart>(
            OutgoingPart{item_headers(item, part_type), std::move(item.content.source)});
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
      if (wanted.single_part) {
        return single_item(request, std::move(found->frames[0]), frame_type(type, syntax), etag);
      }
      const std::string base =
          instance_url(request.base_url, row->study, row->series, row->uid) + "/frames/";
      std::vector<Item> items;
      for (size_t i = 0; i < found->frames.size(); ++i) {
        items.push_back({std::move(found->frames[i]), base + std::to_string((*numbers)[i])});
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
    return single_item(request, std::move(*content), std::string(kOctets), etag);
  }
  std::vector<Item> items;
  items.push_back(
      {std::move(*content), instance_url(request.base_url, row->study, row->series, row->uid) +
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

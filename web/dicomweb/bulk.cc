// WADO-RS metadata, frames and bulk data (PS3.18 10.4.1.1.2-4): the parts viewers ask for most.
#include <algorithm>

#include "web/conditional.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/retrieve.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using dicom::Form;
using dicom::InstanceRow;

bool takes_metadata(const Request& request) {
  if (!accept_given(request)) return true;
  for (const MediaRange& range : accepted_types(request)) {
    if (range.media.covers(kDicomJson) || range.media.covers("application/json")) return true;
  }
  return false;
}

// "[" + the metadata of each series, joined, + "]". A series is opened when the one before has
// ended; the first is given open, so that what is not allowed is refused before the answer begins.
class MetadataStream : public ByteSource {
 public:
  using Open = std::function<Result<std::unique_ptr<ByteSource>>(const dicom::SeriesUid&)>;
  MetadataStream(std::unique_ptr<ByteSource> first, std::vector<dicom::SeriesUid> rest, Open open)
      : source_(std::move(first)), rest_(std::move(rest)), open_(std::move(open)), text_("[") {}

  Result<size_t> read(char* out, size_t capacity) override {
    for (;;) {
      if (at_ < text_.size()) {
        const size_t n = text_.copy(out, capacity, at_);
        at_ += n;
        return n;
      }
      if (flowing_) {
        MEDARC_ASSIGN(const size_t n, source_->read(out, capacity));
        if (n > 0) return n;
        flowing_ = false;
        source_.reset();
      }
      if (ended_) return size_t{0};
      MEDARC_TRY(next_text());
    }
  }

 private:
  // The start of the next series, with its comma, or the closing bracket.
  Status next_text() {
    at_ = 0;
    text_.clear();
    if (!source_) {
      if (next_ == rest_.size()) {
        text_ = "]";
        ended_ = true;
        return {};
      }
      MEDARC_ASSIGN(source_, open_(rest_[next_++]));
    }
    char start[4096];
    MEDARC_ASSIGN(const size_t n, source_->read(start, sizeof start));
    if (n == 0) {
      source_.reset();
      return {};
    }
    if (any_) text_ = ",";
    text_.append(start, n);
    any_ = flowing_ = true;
    return {};
  }

  std::unique_ptr<ByteSource> source_;
  const std::vector<dicom::SeriesUid> rest_;
  const Open open_;
  std::string text_;
  size_t at_ = 0, next_ = 0;
  bool flowing_ = false, any_ = false, ended_ = false;
};

// Changes whenever the rows behind the answer do; the URLs in it follow the client's base URL.
std::string metadata_etag(std::string_view id, Timestamp changed, uint64_t more,
                          const std::string& base_url) {
  const uint32_t seed = crc32c(base_url, crc32c(id));
  char text[64];
  std::snprintf(text, sizeof text, "m%08x-%llx-%llx", seed,
                static_cast<unsigned long long>(changed.us), static_cast<unsigned long long>(more));
  return text;
}

Answer metadata(const ContextPtr& context, const Request& request) {
  if (!takes_metadata(request)) {
    return problem(make_error(Code::not_acceptable, "metadata is application/dicom+json"));
  }
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  const dicom::StudyUid study(request.captures[0]);
  std::vector<dicom::SeriesUid> series;
  std::optional<dicom::SopInstanceUid> instance;
  std::string etag;
  if (request.captures.size() == 1) {
    auto row = view->study(study);
    if (row.has_error()) return problem(row.error());
    if (!*row) return problem(missing(*view, request));
    etag = metadata_etag(study.value, (*row)->changed, (*row)->bytes, request.base_url);
    index::Query query;
    query.kind = index::Kind::series;
    query.study = study;
    query.order = index::Order::by_id;
    query.limit = 1000;
    do {
      auto page = view->query(query);
      if (page.has_error()) return problem(page.error());
      for (const index::Match& match : page->matches) {
        auto found = index::decode_series(match.row.value);
        if (found.has_error()) return retrieve_problem(found.error());
        series.push_back(std::move(found->uid));
      }
      query.after = std::move(page->next);
    } while (!query.after.empty());
  } else if (request.captures.size() == 2) {
    series.emplace_back(request.captures[1]);
    auto row = view->series(study, series[0]);
    if (row.has_error()) return problem(row.error());
    if (!*row) return problem(missing(*view, request));
    etag = metadata_etag(series[0].value, (*row)->changed, (*row)->bytes, request.base_url);
  } else {
    auto row = find_instance(*view, request);
    if (row.has_error()) return problem(row.error());
    series.push_back(row->series);
    instance = row->uid;
    etag = metadata_etag(row->dataset.view(), row->received, row->version, request.base_url);
  }
  Response response;
  response.headers.add("ETag", '"' + etag + '"');
  response.headers.add("Vary", "Accept");
  response.headers.add("Content-Type", std::string(kDicomJson));
  response.headers.add("Cache-Control", "private, no-cache");
  const auto open = [context, view, study, instance, principal = at_door(request),
                     base_url = request.base_url](const dicom::SeriesUid& uid) {
    return context->imaging.metadata(principal, view, study, uid, instance,
                                     series_url(base_url, study, uid));
  };
  if (series.empty()) {
    response.body = Bytes("[]");
    return response;
  }
  auto first = open(series.front());
  if (first.has_error()) return problem(first.error());
  series.erase(series.begin());
  response.body = std::make_unique<MetadataStream>(std::move(*first), std::move(series), open);
  return response;
}

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
  const std::string study = std::string(kRoot) + "/studies/{study}";
  const std::string series = study + "/series/{series}";
  const std::string instance = series + "/instances/{instance}";
  add(study + "/metadata", "Metadata of a study (WADO-RS).", metadata);
  add(series + "/metadata", "Metadata of a series (WADO-RS).", metadata);
  add(instance + "/metadata", "Metadata of an instance (WADO-RS).", metadata);
  add(instance + "/frames/{frames}", "Frames of an instance (WADO-RS).", frames);
  add(instance + "/bulkdata/{path...}", "One value of an instance (WADO-RS).", bulkdata);
}

}  // namespace medarc::web

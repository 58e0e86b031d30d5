// WADO-RS metadata (PS3.18 10.4.1.1.2): as it was made at ingest, in JSON or XML.
#include <functional>

#include "base/piecewise_source.h"
#include "web/dicomweb/as_of.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/metadata_at.h"
#include "web/dicomweb/model_forms.h"
#include "web/dicomweb/retrieve.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using Open = std::function<Result<std::unique_ptr<ByteSource>>(const dicom::SeriesUid&)>;

// "[" + the metadata of each series, joined, + "]". A series is opened when the one before has
// ended; the first is given open, so that what is not allowed is refused before the answer begins.
class MetadataStream : public PiecewiseSource {
 public:
  MetadataStream(std::unique_ptr<ByteSource> first, std::vector<dicom::SeriesUid> rest, Open open)
      : source_(std::move(first)), rest_(std::move(rest)), open_(std::move(open)) {}

 private:
  // A series, with its comma when it has any metadata, or the closing bracket.
  Result<bool> next_piece(Bytes& text, std::unique_ptr<ByteSource>& follows) override {
    if (!begun_) text += '[';
    begun_ = true;
    if (!source_) {
      if (next_ == rest_.size()) {
        text += ']';
        return false;
      }
      MEDARC_ASSIGN(source_, open_(rest_[next_++]));
    }
    char start[4096];
    MEDARC_ASSIGN(const size_t n, source_->read(start, sizeof start));
    if (n == 0) {
      source_.reset();
      return true;
    }
    if (any_) text += ',';
    text.append(start, n);
    any_ = true;
    follows = std::move(source_);
    return true;
  }

  std::unique_ptr<ByteSource> source_;
  const std::vector<dicom::SeriesUid> rest_;
  const Open open_;
  size_t next_ = 0;
  bool begun_ = false, any_ = false;
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
  const auto form = model_form(request);
  if (form.has_error()) return problem(form.error());
  const auto at = as_of(request);
  if (at.has_error()) return problem(at.error());
  if (*at || !request.query_value("version").empty()) return metadata_at(context, request, *form);
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
  const Open open = [context, view, study, instance, principal = at_door(request),
                     base_url = request.base_url](const dicom::SeriesUid& uid) {
    return context->imaging.metadata(principal, view, study, uid, instance,
                                     series_url(base_url, study, uid));
  };
  std::unique_ptr<ByteSource> opened;
  if (!series.empty()) {
    auto first = open(series.front());
    if (first.has_error()) return problem(first.error());
    opened = std::move(*first);
    series.erase(series.begin());
  }
  std::unique_ptr<ByteSource> all;
  if (opened) {
    all = std::make_unique<MetadataStream>(std::move(opened), std::move(series), open);
  } else {
    all = std::make_unique<StringSource>("[]");
  }
  if (*form == ModelForm::xml) {
    Response response = xml_parts(std::move(all));
    response.headers.set("ETag", '"' + etag + "-xml\"");
    response.headers.set("Cache-Control", "private, no-cache");
    return response;
  }
  Response response;
  response.headers.add("ETag", '"' + etag + '"');
  response.headers.add("Vary", "Accept");
  response.headers.add("Content-Type", std::string(kDicomJson));
  response.headers.add("Cache-Control", "private, no-cache");
  response.body = std::move(all);
  return response;
}

}  // namespace

void add_metadata_routes(const ContextPtr& context, std::vector<Route>& out) {
  const auto add = [&](std::string path, std::string summary) {
    out.push_back({"GET", std::move(path), std::move(summary),
                   [context](const Request& request) { return metadata(context, request); }});
  };
  const std::string study = std::string(kRoot) + "/studies/{study}";
  add(study + "/metadata", "Metadata of a study (WADO-RS).");
  add(study + "/series/{series}/metadata", "Metadata of a series (WADO-RS).");
  add(study + "/series/{series}/instances/{instance}/metadata",
      "Metadata of an instance (WADO-RS).");
}

}  // namespace medarc::web

#include "web/dicomweb/metadata_at.h"

#include <functional>

#include "dicom/history.h"
#include "dicom/json.h"
#include "web/dicomweb/as_of.h"
#include "web/dicomweb/instances.h"
#include "web/dicomweb/retrieve.h"
#include "web/http_error.h"

namespace medarc::web {
namespace {

using dicom::InstanceRow;
using NextRow = std::function<Result<std::optional<InstanceRow>>()>;

// Puts URLs where the marks stand: each begins with `base` and ends with the version.
std::string with_urls(std::string_view json, const std::string& base, uint32_t version) {
  const std::string end = "?version=" + std::to_string(version);
  std::string out;
  out.reserve(json.size() + 256);
  while (true) {
    const size_t mark = json.find(dicom::kBaseMark);
    out += json.substr(0, mark);
    if (mark == std::string_view::npos) return out;
    json.remove_prefix(mark + 1);
    const size_t quote = std::min(json.find('"'), json.size());
    out += base;
    out += json.substr(0, quote);
    out += end;
    json.remove_prefix(quote);
  }
}

// "[…]" of the rows' metadata.
class MetadataOfRows : public ByteSource {
 public:
  MetadataOfRows(const ContextPtr& context, security::Principal principal, std::string base_url,
                 NextRow next)
      : context_(context),
        principal_(std::move(principal)),
        base_url_(std::move(base_url)),
        next_(std::move(next)) {}

  Result<size_t> read(char* out, size_t capacity) override {
    while (at_ == text_.size() && !ended_) MEDARC_TRY(more());
    const size_t n = text_.copy(out, capacity, at_);
    at_ += n;
    return n;
  }

  // The next instance, or the end.
  Status more() {
    MEDARC_ASSIGN(const auto row, next_());
    at_ = 0;
    if (!row) {
      text_ = any_ ? "]" : "[]";
      ended_ = true;
      return {};
    }
    MEDARC_ASSIGN(const Bytes json, dicom::metadata_of(context_->imaging, principal_, *row));
    text_ = any_ ? "," : "[";
    text_ += with_urls(json, series_url(base_url_, row->study, row->series), row->version);
    any_ = true;
    return {};
  }
  bool ended() const { return ended_; }

 private:
  const ContextPtr context_;
  const security::Principal principal_;
  const std::string base_url_;
  const NextRow next_;
  std::string text_;
  size_t at_ = 0;
  bool any_ = false, ended_ = false;
};

Result<NextRow> rows_of(const std::shared_ptr<index::View>& view, const Request& request) {
  if (request.captures.size() > 2) {
    MEDARC_ASSIGN(InstanceRow row, find_instance(*view, request));
    auto one = std::make_shared<std::optional<InstanceRow>>(std::move(row));
    return NextRow([one]() -> Result<std::optional<InstanceRow>> {
      return std::exchange(*one, std::nullopt);
    });
  }
  MEDARC_ASSIGN(const auto at, as_of_many(*view, request));
  if (!at) return make_error(Code::invalid_argument, "version is of an instance");
  auto instances = std::make_shared<Instances>(view, request, at);
  return NextRow([instances] { return instances->next(); });
}

}  // namespace

Answer metadata_at(const ContextPtr& context, const Request& request, ModelForm form) {
  const std::shared_ptr<index::View> view = context->imaging.index().view();
  auto rows = rows_of(view, request);
  if (rows.has_error()) return problem(rows.error());
  auto source = std::make_unique<MetadataOfRows>(context, at_door(request), request.base_url,
                                                 std::move(*rows));
  // The first is read now, so that what is not there or not allowed is refused in the status.
  if (const Status first = source->more(); first.has_error())
    return retrieve_problem(first.error());
  if (source->ended()) {
    const auto at = as_of(request);
    return problem(missing_then(*view, request, at->value_or(Timestamp())));
  }
  Response response;
  if (form == ModelForm::xml) {
    response = xml_parts(std::move(source));
  } else {
    response.headers.add("Content-Type", std::string(kDicomJson));
    response.headers.add("Vary", "Accept");
    response.body = std::move(source);
  }
  response.headers.set("Cache-Control", "private, no-cache");
  return response;
}

}  // namespace medarc::web

#include "web/dicomweb/zip_answer.h"

#include <fmt/format.h>

#include <utility>

#include "dicom/media_directory.h"
#include "web/conditional.h"
#include "web/http_error.h"
#include "web/zip.h"

namespace medarc::web {
namespace {

using dicom::InstanceRow;

class Files {
 public:
  Files(ContextPtr context, security::Principal principal, std::shared_ptr<index::View> view,
        std::function<Result<std::optional<InstanceRow>>()> next, Wanted wanted)
      : context_(std::move(context)),
        principal_(std::move(principal)),
        view_(std::move(view)),
        next_(std::move(next)),
        wanted_(std::move(wanted)),
        directory_(dicom::MediaDirectory::create()) {}

  // The objects, then the DICOMDIR.
  Result<std::optional<ZipFile>> next() {
    for (;;) {
      if (ended_) return std::optional<ZipFile>();
      MEDARC_ASSIGN(const auto row, next_());
      if (!row) break;
      auto content = open_as(*context_, principal_, *row, wanted_, true);
      if (content.has_error() && content.error().code == Code::not_acceptable) continue;
      if (content.has_error()) return content.error();
      if (series_ == 0 || series_uid_ != row->series) {
        series_uid_ = row->series;
        ++series_;
        instances_ = 0;
      }
      const std::string series = fmt::format("SE{:06}", series_);
      const std::string instance = fmt::format("IM{:06}", ++instances_);
      MEDARC_TRY(directory_->add(*view_, *row, content->transfer_syntax,
                                 "DICOM\\" + series + "\\" + instance));
      any_ = true;
      return std::optional<ZipFile>(ZipFile{"DICOM/" + series + "/" + instance, row->received,
                                            content->bytes, std::move(content->source)});
    }
    ended_ = true;
    if (!any_) return std::optional<ZipFile>();
    MEDARC_ASSIGN(Bytes directory, directory_->finish(context_->options.temporary_directory));
    const uint64_t bytes = directory.size();
    return std::optional<ZipFile>(
        ZipFile{"DICOMDIR", now(), bytes, std::make_unique<StringSource>(std::move(directory))});
  }

 private:
  const ContextPtr context_;
  const security::Principal principal_;
  const std::shared_ptr<index::View> view_;
  const std::function<Result<std::optional<InstanceRow>>()> next_;
  const Wanted wanted_;
  const std::unique_ptr<dicom::MediaDirectory> directory_;
  dicom::SeriesUid series_uid_;
  uint32_t series_ = 0, instances_ = 0;
  bool any_ = false, ended_ = false;
};

}  // namespace

Response zip_answer(const ContextPtr& context, const Request& request,
                    std::shared_ptr<index::View> view,
                    std::function<Result<std::optional<InstanceRow>>()> next, const Wanted& wanted,
                    const std::string& name, int status) {
  auto files =
      std::make_shared<Files>(context, at_door(request), std::move(view), std::move(next), wanted);
  auto first = files->next();
  if (first.has_error()) return retrieve_problem(first.error());
  if (!*first) {
    return problem(make_error(Code::not_acceptable, "no instance can be given as asked"));
  }
  auto held = std::make_shared<std::optional<ZipFile>>(std::move(*first));
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::string(kZip));
  response.headers.add("Content-Disposition", attachment(name + ".zip"));
  response.headers.add("Vary", "Accept");
  response.body = zip([held, files]() -> Result<std::optional<ZipFile>> {
    if (*held) return std::exchange(*held, std::nullopt);
    return files->next();
  });
  return response;
}

}  // namespace medarc::web

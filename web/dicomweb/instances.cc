#include "web/dicomweb/instances.h"

#include <utility>

#include "dicom/history.h"

namespace medarc::web {
namespace {

constexpr uint32_t kPageRows = 256;

}  // namespace

Instances::Instances(std::shared_ptr<index::View> view, const Request& request,
                     std::optional<Timestamp> at)
    : view_(std::move(view)), at_moment_(at) {
  query_.kind = index::Kind::instance;
  query_.study = dicom::StudyUid(request.captures[0]);
  if (request.captures.size() > 1) query_.series = dicom::SeriesUid(request.captures[1]);
  query_.order = index::Order::by_id;
  query_.limit = kPageRows;
}

Result<std::optional<dicom::InstanceRow>> Instances::next() {
  for (;;) {
    MEDARC_ASSIGN(auto row, next_row());
    if (!row || !at_moment_) return row;
    MEDARC_ASSIGN(auto then, dicom::version_at(*view_, *row, *at_moment_));
    if (then) return then;
  }
}

Result<std::optional<dicom::InstanceRow>> Instances::next_row() {
  if (at_ == page_.matches.size()) {
    if (begun_ && page_.next.empty()) return std::optional<dicom::InstanceRow>();
    query_.after = std::move(page_.next);
    begun_ = true;
    at_ = 0;
    MEDARC_ASSIGN(page_, view_->query(query_));
    if (page_.matches.empty()) return std::optional<dicom::InstanceRow>();
  }
  auto row = index::decode_instance(page_.matches[at_++].row.value);
  if (row.has_error()) return row.error();
  return std::optional<dicom::InstanceRow>(std::move(*row));
}

}  // namespace medarc::web

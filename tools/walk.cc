#include "tools/walk.h"

namespace medarc::tools {
namespace {

using index::InstanceRow;
using index::Query;

Status for_each_row(index::View& view, Query query,
                    const std::function<Status(ByteView value)>& visit) {
  query.order = index::Order::by_id;
  query.limit = 1000;
  while (true) {
    MEDARC_ASSIGN(const index::Page page, view.query(query));
    for (const index::Match& match : page.matches) MEDARC_TRY(visit(match.row.value));
    if (page.next.empty()) return {};
    query.after = page.next;
  }
}

}  // namespace

Status for_each_study(index::View& view,
                      const std::function<Status(const index::StudyRow&)>& visit) {
  Query query;
  query.kind = index::Kind::study;
  return for_each_row(view, query, [&](ByteView value) -> Status {
    MEDARC_ASSIGN(const index::StudyRow row, index::decode_study(value));
    return visit(row);
  });
}

Status for_each_instance(index::View& view, const std::optional<index::StudyUid>& study,
                         const std::function<Status(const InstanceRow&)>& visit) {
  Query query;
  query.kind = index::Kind::instance;
  query.study = study;
  return for_each_row(view, query, [&](ByteView value) -> Status {
    MEDARC_ASSIGN(const InstanceRow row, index::decode_instance(value));
    return visit(row);
  });
}

Status for_each_version(index::View& view,
                        const std::function<Status(const InstanceRow&)>& visit) {
  return for_each_instance(view, {}, [&](const InstanceRow& latest) -> Status {
    for (uint32_t version = 1; version < latest.version; ++version) {
      MEDARC_ASSIGN(const auto earlier,
                    view.instance(latest.study, latest.series, latest.uid, version));
      if (earlier) MEDARC_TRY(visit(*earlier));
    }
    return visit(latest);
  });
}

Status for_each_file(index::View& view, const std::function<Status(const index::FileRow&)>& visit) {
  Query query;
  query.kind = index::Kind::file;
  return for_each_row(view, query, [&](ByteView value) -> Status {
    MEDARC_ASSIGN(const index::FileRow row, index::decode_file(value));
    return visit(row);
  });
}

}  // namespace medarc::tools

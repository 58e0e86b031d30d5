#include "index/removals.h"

#include "index/row_reader.h"

namespace medarc::index {

Result<std::optional<Tombstone>> last_removal(View& view, const StudyUid& study,
                                              const std::optional<SeriesUid>& series) {
  MEDARC_ASSIGN(RowReader* const rows, rows_of(view));
  std::optional<Tombstone> last;
  const auto take = [&](ByteView value) -> Status {
    MEDARC_ASSIGN(Tombstone found, decode_tombstone(value));
    if (!last || last->removed < found.removed) last = std::move(found);
    return {};
  };
  const Bytes own = series ? series_id(study, *series) : study_id(study);
  for (const Bytes& id : {study_id(study), own}) {
    MEDARC_ASSIGN(const auto value, rows->value(Table::rows, key::tombstone(id)));
    if (value) MEDARC_TRY(take(*value));
  }
  Status failed;
  MEDARC_TRY(rows->values(Table::rows, key::tombstone(below(own)), [&](ByteView, ByteView value) {
    failed = take(value);
    return failed.has_value();
  }));
  MEDARC_TRY(failed);
  return last;
}

}  // namespace medarc::index

#include "dicom/history.h"

#include "dicom/convert.h"
#include "dicom/json.h"
#include "dicom/metadata_source.h"
#include "index/provenance.h"
#include "index/removals.h"

namespace medarc::dicom {
namespace {

using security::Action;
using security::Domain;

security::Object instance_object(const StudyUid& study, const SopInstanceUid& instance,
                                 const char* what) {
  return {Domain::images, "study/" + study.value,
          std::string(what) + " of instance " + instance.value};
}

Result<InstanceRow> version_of(index::View& view, const InstanceRow& of, uint32_t number) {
  MEDARC_ASSIGN(auto row, view.instance(of.study, of.series, of.uid, number));
  if (!row) return make_error(Code::corrupt, "a version is missing; rebuild the index");
  return std::move(*row);
}

VersionCause cause_of(const InstanceRow& row, const InstanceRow& before) {
  if (row.transfer_syntax != before.transfer_syntax) return VersionCause::transfer_syntax;
  return row.dataset == before.dataset ? VersionCause::envelope : VersionCause::dataset;
}

}  // namespace

Result<std::optional<InstanceRow>> version_at(index::View& view, const InstanceRow& latest,
                                              Timestamp at) {
  if (latest.received <= at) return std::optional<InstanceRow>(latest);
  // From `early` on (0: there is none) to below `late`.
  std::optional<InstanceRow> found;
  uint32_t early = 0, late = latest.version;
  while (late - early > 1) {
    const uint32_t middle = early + (late - early) / 2;
    MEDARC_ASSIGN(InstanceRow row, version_of(view, latest, middle));
    if (row.received <= at) {
      early = middle;
      found = std::move(row);
    } else {
      late = middle;
    }
  }
  return found;
}

Result<InstanceRow> instance_at(index::View& view, const StudyUid& study, const SeriesUid& series,
                                const SopInstanceUid& instance, Timestamp at) {
  MEDARC_ASSIGN(const auto latest, view.instance(study, series, instance));
  if (latest) {
    MEDARC_ASSIGN(auto found, version_at(view, *latest, at));
    if (found) return std::move(*found);
  }
  // An instance that is here came after every removal above it.
  MEDARC_ASSIGN(const auto tombstone, view.tombstone(study, series, instance));
  if (tombstone && tombstone->removed <= at) {
    return make_error(Code::gone, "it had been removed by then");
  }
  if (tombstone) {
    return make_error(Code::gone, "what was here then has been removed since");
  }
  return make_error(Code::not_found,
                    latest ? "it was not stored by then" : "there is no such thing in the archive");
}

Status check_kept_since(index::View& view, const StudyUid& study,
                        const std::optional<SeriesUid>& series, Timestamp at) {
  MEDARC_ASSIGN(const auto last, index::last_removal(view, study, series));
  if (!last || last->removed <= at) return {};
  return make_error(Code::gone, "some of what was here then has been removed since, at " +
                                    to_rfc3339(last->removed) + "; what it was is not known");
}

Result<Bytes> metadata_of(Imaging& imaging, const Principal& principal, const InstanceRow& row) {
  MEDARC_ASSIGN(const Content admitted, imaging.dataset(principal, row, Form::original));
  static_cast<void>(admitted);
  const auto view = imaging.index().view();
  MEDARC_ASSIGN(const auto latest, view->instance(row.study, row.series, row.uid));
  if (latest && latest->version == row.version && latest->dataset == row.dataset) {
    Bytes packed;
    MEDARC_TRY(
        view->metadata(row.study, row.series, row.uid, [&](const SopInstanceUid&, ByteView zstd) {
          packed = zstd;
          return true;
        }));
    if (!packed.empty()) return unpack_metadata(packed);
  }
  MEDARC_ASSIGN(const auto blob, imaging.index().blobs().open(row.dataset));
  MEDARC_ASSIGN(
      const auto scanner,
      scan_stored(*blob, transfer_syntax_or_default(row.transfer_syntax.value), imaging.limits()));
  return metadata_json(*scanner, row.uid.value, row.transfer_syntax.value);
}

Result<VersionPage> History::versions(const Principal& principal, const StudyUid& study,
                                      const SeriesUid& series, const SopInstanceUid& instance,
                                      uint32_t below, uint32_t limit) {
  MEDARC_TRY(guard_.admit(principal, Action::find, instance_object(study, instance, "versions")));
  const auto view = index_.view();
  VersionPage out;
  MEDARC_ASSIGN(const auto latest, view->instance(study, series, instance));
  MEDARC_ASSIGN(out.removed, view->tombstone(study, series, instance));
  if (!latest && !out.removed) {
    return make_error(Code::not_found, "there is no such instance in the archive");
  }
  if (!latest) return out;
  uint32_t number = latest->version;
  if (below != 0) number = std::min(number, below - 1);
  std::optional<InstanceRow> row;
  if (number > 0) {
    MEDARC_ASSIGN(row, version_of(*view, *latest, number));
  }
  while (row && out.versions.size() < limit) {
    std::optional<InstanceRow> earlier;
    if (row->version > 1) {
      MEDARC_ASSIGN(earlier, version_of(*view, *latest, row->version - 1));
    }
    StoredVersion one;
    if (earlier) one.cause = cause_of(*row, *earlier);
    if (const index::Attribute* by = row->attributes.find(index::kFieldStoredBy);
        by != nullptr && by->values.size() == 2) {
      one.stored_by = by->values[0];
      one.door = by->values[1];
    }
    one.row = std::move(*row);
    out.versions.push_back(std::move(one));
    row = std::move(earlier);
  }
  if (row) out.next = row->version + 1;
  return out;
}

Result<Difference> History::difference(const Principal& principal, const StudyUid& study,
                                       const SeriesUid& series, const SopInstanceUid& instance,
                                       uint32_t before, uint32_t after) {
  MEDARC_TRY(guard_.admit(principal, Action::read, instance_object(study, instance, "difference")));
  const auto view = index_.view();
  std::optional<InstanceRow> rows[2];
  const uint32_t numbers[] = {before, after};
  for (size_t i = 0; i < 2; ++i) {
    MEDARC_ASSIGN(rows[i], view->instance(study, series, instance, numbers[i]));
    if (rows[i]) continue;
    MEDARC_ASSIGN(const auto tombstone, view->tombstone(study, series, instance));
    MEDARC_ASSIGN(const auto latest, view->instance(study, series, instance));
    if (!latest && tombstone) return make_error(Code::gone, "it has been removed");
    return make_error(Code::not_found, "there is no version " + std::to_string(numbers[i]));
  }
  return compare_versions(index_.blobs(), std::move(*rows[0]), std::move(*rows[1]), limits_,
                          differences_);
}

}  // namespace medarc::dicom

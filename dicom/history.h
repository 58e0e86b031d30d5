// What an instance was: the versions that were stored under its UIDs, and which of them was there
// at a moment. Times are those at which the server took a version, by its own clock.
//
// A removal takes versions along and leaves a tombstone with its time and reason. What was there
// before it is not known any more, and is never answered as if it were: gone.
//
// Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/config.h"
#include "dicom/difference.h"
#include "dicom/imaging.h"

namespace medarc::dicom {

// The version of `latest`'s instance that was there at `at`; nullopt: none was yet. Costs the
// logarithm of the number of versions.
Result<std::optional<InstanceRow>> version_at(index::View& view, const InstanceRow& latest,
                                              Timestamp at);

// The same by its UIDs. not_found: not stored by then; gone: removed by then, or since then (the
// text says which).
Result<InstanceRow> instance_at(index::View& view, const StudyUid& study, const SeriesUid& series,
                                const SopInstanceUid& instance, Timestamp at);

// Whether all that the study or series held at `at` is still known. gone: some of it was removed
// after that.
Status check_kept_since(index::View& view, const StudyUid& study,
                        const std::optional<SeriesUid>& series, Timestamp at);

// Metadata of any version as the index keeps it of the latest: a DICOM JSON object with kBaseMark
// (json.h). Admitted and audited as reading the dataset.
Result<Bytes> metadata_of(Imaging& imaging, const Principal& principal, const InstanceRow& row);

// Why there is a version: what differs from the one before it.
enum class VersionCause : uint8_t { first, transfer_syntax, dataset, envelope };

struct StoredVersion {
  InstanceRow row;
  VersionCause cause = VersionCause::first;
  std::string stored_by, door;  // "" for what was stored before that was kept
};

struct VersionPage {
  std::vector<StoredVersion> versions;      // newest first
  uint32_t next = 0;                        // the `below` of the next page; 0: there is none
  std::optional<index::Tombstone> removed;  // of the instance, or of what it was in, before these
};

class History {
 public:
  // All outlive it.
  History(index::Index& index, security::Guard& guard, const Limits& limits,
          DifferenceLimits differences)
      : index_(index), guard_(guard), limits_(limits), differences_(differences) {}

  // At most `limit` versions below number `below` (0: from the latest on). not_found. Of an
  // instance that was removed there are none, but there is its tombstone.
  Result<VersionPage> versions(const Principal&, const StudyUid&, const SeriesUid&,
                               const SopInstanceUid&, uint32_t below, uint32_t limit);

  // What differs between two versions, by element. not_found; too_large: over DifferenceLimits.
  Result<Difference> difference(const Principal&, const StudyUid&, const SeriesUid&,
                                const SopInstanceUid&, uint32_t before, uint32_t after);

 private:
  index::Index& index_;
  security::Guard& guard_;
  const Limits limits_;
  const DifferenceLimits differences_;
};

}  // namespace medarc::dicom

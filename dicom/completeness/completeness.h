// Is a study complete? Nobody can know; what there is to say it by can be told. Each piece of
// evidence says complete, incomplete or nothing, and the verdict follows from them:
//
//   incomplete  something says so: parts, counts or instances that are known of are missing, or the
//               last association that brought something broke off
//   complete    nothing says incomplete, something says that all of it is here (a manifest that
//               names every instance, storage commitment asked for exactly these, counts of senders
//               for the study or for each of its series), and nothing has come for a while
//   unknown     otherwise
//
// Holes in the Instance Numbers of a series say incomplete, unless something says that all is here.
//
// Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dicom/completeness/evidence.h"
#include "index/study_notes.h"
#include "security/guard.h"

namespace medarc::dicom {

enum class Says : uint8_t { nothing, complete, incomplete };
enum class Verdict : uint8_t { unknown, complete, incomplete };

struct Evidence {
  std::string what;  // "number_gaps", "expected_count", "concatenation", "references", "manifest",
                     // "association", "commitment", "quiet"
  Says says = Says::nothing;
  std::string text;  // for people, without patient data
  std::optional<SeriesUid> series;
};

struct Assessment {
  Verdict verdict = Verdict::unknown;
  std::vector<Evidence> evidence;
  StudyLook look;
  index::StudyRow study;
  index::StudyNotes notes;
  Timestamp at;
};

// The verdict and its evidence, from what was found. Pure.
void assess(Assessment& assessment, const CompletenessOptions& options);

// A study that was announced as stable (dicom/completeness/stable.h).
struct StableStudy {
  StudyUid study;
  archive::CommitNumber commit;  // of the announcement
  Timestamp since;               // the last announcement of the study
  bool changed_since = false;    // or removed
};
struct StablePage {
  std::vector<StableStudy> studies;  // in the order of their announcements
  archive::CommitNumber next;        // what to ask on from; never less than what was asked from
};

class Completeness {
 public:
  // All outlive it.
  Completeness(index::Index& index, security::Guard& guard, CompletenessOptions options)
      : index_(index), guard_(guard), options_(options) {}

  // not_found; gone; too_large: over instances_max.
  Result<Assessment> of(const Principal&, const StudyUid&);

  // At most about `limit` announcements after a commit. May be none although there are more: then
  // `next` is greater than `after` all the same.
  Result<StablePage> stable(const Principal&, archive::CommitNumber after, uint32_t limit);

 private:
  index::Index& index_;
  security::Guard& guard_;
  const CompletenessOptions options_;
};

}  // namespace medarc::dicom

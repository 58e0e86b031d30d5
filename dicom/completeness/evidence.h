// What the objects of a study say of how many they should be: numbers with gaps, counts that
// senders gave, parts of concatenations, instances that others refer to. Read from rows and kept
// metadata.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "dicom/completeness/numbering.h"
#include "dicom/completeness/options.h"
#include "dicom/imaging.h"

namespace medarc::dicom {

// A count that a sender gave beside what is held.
struct ExpectedCount {
  std::string attribute;  // keyword
  uint64_t expected = 0, held = 0;
};

// Parts of one multi-frame object that was cut (PS3.3 C.7.6.16.2.2.4).
struct Concatenation {
  std::string uid;
  uint64_t expected = 0;        // (0020,9163), else the highest part number held
  bool expected_given = false;  // by (0020,9163)
  uint64_t held = 0;            // different parts
};

struct SeriesLook {
  SeriesUid uid;
  std::string modality;
  uint64_t instances = 0;
  Numbering numbering;
  std::vector<ExpectedCount> counts;
  std::vector<Concatenation> concatenations;
};

struct StudyLook {
  uint64_t instances = 0;
  std::vector<SeriesLook> series;
  std::vector<ExpectedCount> counts;  // of the whole study
  uint64_t references = 0;            // to different instances of the study
  uint64_t missing = 0;               // of those, not here and never removed
  uint64_t removed = 0;               // of those, removed
  std::vector<std::string> missing_told;
  bool references_cut = false;  // there were more than references_max: the rest is not looked for
  // Key Object Selections that name every other instance here, and none that is missing.
  uint64_t manifests_whole = 0;
};

// `view` as one state. too_large: more instances than instances_max; corrupt.
Result<StudyLook> look_at_study(index::View& view, const StudyUid& study,
                                const CompletenessOptions& options);

}  // namespace medarc::dicom

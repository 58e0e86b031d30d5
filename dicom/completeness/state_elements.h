// A study's state as private elements of answers and keys of searches (QIDO-RS, C-FIND), for
// clients that know no resource but searches: block creator kStudyStateCreator in group 0099
// (PS3.5 7.8.1), at study level. Made for each answer, kept nowhere; never in a stored object.
//
//   (0099,xx01) CS  verdict: COMPLETE, INCOMPLETE, UNKNOWN (completeness.h). Of a study over
//                   instances_max: UNKNOWN
//   (0099,xx02) DT  when it changed last: an object came, or went; UTC, with +0000
//   (0099,xx03) IS  seconds since then
//   (0099,xx04) CS  announced as stable (stable.h) since it changed last: YES, NO
//
// The verdict is of what the study holds, which is read for it: a search that matches by it looks
// at the studies that its other keys leave, and counts their instances against
// dicom.compared_instances_max. The others cost a row.
#pragma once

#include <span>
#include <string_view>

#include "dicom/completeness/options.h"
#include "dicom/dictionary.h"
#include "index/index.h"

namespace medarc::dicom {

inline constexpr std::string_view kStudyStateCreator = "MEDARC STUDY STATE";
inline constexpr uint16_t kStudyStateGroup = 0x0099;

struct StudyStateElement {
  enum class What : uint8_t { verdict = 1, changed = 2, quiet = 3, stable = 4 };  // low octet
  What what;
  Vr vr;
  std::string_view text;  // for people
};
std::span<const StudyStateElement> study_state_elements();

// The creator of the block.
bool is_study_state_creator(Tag tag, std::string_view value);
// An element of it, in whatever block it is asked for; nullptr: something else.
const StudyStateElement* study_state_element(Tag tag, std::string_view creator);

// Its value, with the tag asked for, at the moment `at`. `instances_read` grows by the instances
// that were looked at. corrupt.
Result<index::Attribute> study_state(index::View& view, const index::StudyRow& study, Tag tag,
                                     const StudyStateElement& element,
                                     const CompletenessOptions& options, Timestamp at,
                                     uint64_t& instances_read);

}  // namespace medarc::dicom

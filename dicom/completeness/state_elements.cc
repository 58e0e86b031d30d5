#include "dicom/completeness/state_elements.h"

#include <algorithm>

#include "dicom/completeness/completeness.h"
#include "dicom/private_tags.h"
#include "dicom/values.h"

namespace medarc::dicom {
namespace {

using What = StudyStateElement::What;

constexpr StudyStateElement kElements[] = {
    {What::verdict, {'C', 'S'}, "whether it is complete: COMPLETE, INCOMPLETE, UNKNOWN"},
    {What::changed, {'D', 'T'}, "when it changed last, in UTC (+0000)"},
    {What::quiet, {'I', 'S'}, "seconds since it changed last"},
    {What::stable, {'C', 'S'}, "announced as stable since it changed last: YES, NO"},
};

Result<std::string> verdict_of(index::View& view, const index::StudyRow& study,
                               const CompletenessOptions& options, Timestamp at,
                               uint64_t& instances_read) {
  Assessment assessment;
  auto look = look_at_study(view, study.uid, options);
  if (look.has_error()) {
    instances_read += options.instances_max;
    if (look.error().code == Code::too_large) return std::string("UNKNOWN");
    return std::move(look).error();
  }
  instances_read += look->instances;
  assessment.look = std::move(*look);
  MEDARC_ASSIGN(assessment.notes, index::study_notes(view, study.uid));
  assessment.study = study;
  assessment.at = at;
  assess(assessment, options);
  return std::string(assessment.verdict == Verdict::complete     ? "COMPLETE"
                     : assessment.verdict == Verdict::incomplete ? "INCOMPLETE"
                                                                 : "UNKNOWN");
}

}  // namespace

std::span<const StudyStateElement> study_state_elements() { return kElements; }

bool is_study_state_creator(Tag tag, std::string_view value) {
  return is_private_creator(tag) && tag.value >> 16 == kStudyStateGroup &&
         value == kStudyStateCreator;
}

const StudyStateElement* study_state_element(Tag tag, std::string_view creator) {
  if (!is_private_element(tag) || tag.value >> 16 != kStudyStateGroup ||
      creator != kStudyStateCreator) {
    return nullptr;
  }
  const auto* found =
      std::find_if(std::begin(kElements), std::end(kElements), [&](const StudyStateElement& e) {
        return static_cast<uint32_t>(e.what) == (tag.value & 0xFF);
      });
  return found == std::end(kElements) ? nullptr : found;
}

Result<index::Attribute> study_state(index::View& view, const index::StudyRow& study, Tag tag,
                                     const StudyStateElement& element,
                                     const CompletenessOptions& options, Timestamp at,
                                     uint64_t& instances_read) {
  index::Attribute out{tag, element.vr, {}};
  switch (element.what) {
    case What::verdict: {
      MEDARC_ASSIGN(std::string verdict, verdict_of(view, study, options, at, instances_read));
      out.values.push_back(std::move(verdict));
      break;
    }
    case What::changed: out.values.push_back(utc_date_time(study.changed)); break;
    case What::quiet:
      out.values.push_back(
          std::to_string(std::max<int64_t>(0, (at.us - study.changed.us) / 1'000'000)));
      break;
    case What::stable: {
      MEDARC_ASSIGN(const index::StudyNotes notes, index::study_notes(view, study.uid));
      out.values.emplace_back(notes.stable_change == study.changed ? "YES" : "NO");
      break;
    }
  }
  return out;
}

}  // namespace medarc::dicom

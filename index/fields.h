// Which fields have keys of their own in the index, and what any field's values are on a row. The
// keys and the residual predicate both take values from here, so they cannot disagree.
#pragma once

#include <span>

#include "index/keys.h"
#include "index/normalise.h"
#include "index/work_item.h"

namespace medarc::index {

struct HotField {
  Tag tag;
  Vr vr;
  bool ranges = false;  // worth driving a query by range or prefix
};
std::span<const HotField> hot_fields(Kind kind);
const HotField* find_hot(Kind kind, Tag tag);

// Study UIDs by modality, then date: a year of CT at a seek.
inline constexpr Tag kFieldModalityAndDate{0xFFFF0001};

inline constexpr Tag kPatientId{0x00100020}, kPatientName{0x00100010}, kBirthDate{0x00100030},
    kStudyDate{0x00080020}, kAccessionNumber{0x00080050}, kStudyId{0x00200010},
    kReferringPhysician{0x00080090}, kModalitiesInStudy{0x00080061}, kSopClassesInStudy{0x00080062},
    kStudyUid{0x0020000D}, kSeriesUid{0x0020000E}, kModality{0x00080060},
    kSopInstanceUid{0x00080018}, kSopClassUid{0x00080016}, kTransferSyntaxes{0x00083002},
    kWorkItemState{0x00741000}, kWorklistLabel{0x00741202}, kStepLabel{0x00741204},
    kStepStart{0x00404005}, kSeriesInStudy{0x00201206}, kInstancesInStudy{0x00201208},
    kInstancesInSeries{0x00201209};

// A row of some kind with its parents; what does not apply is null.
struct Subject {
  Kind kind = Kind::study;
  const PatientRow* patient = nullptr;
  const StudyRow* study = nullptr;
  const SeriesRow* series = nullptr;
  const InstanceRow* instance = nullptr;
  const FileRow* file = nullptr;
  const WorkItemRow* work_item = nullptr;
};

// The values of one field. Views live as long as the subject and this object.
struct FieldValues {
  Vr vr{'U', 'N'};
  std::vector<std::string_view> values;  // none of them empty
  std::vector<std::string> made;         // storage for values that are put together
};
void read_field(const Subject& subject, Tag tag, FieldValues& out);

// Every key of the row in the `fields` family, sorted, each once.
std::vector<Bytes> field_keys(const Subject& subject);

// received as the field's text: 20 digits.
std::string received_text(Timestamp received);

}  // namespace medarc::index

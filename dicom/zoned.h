// Dates and times as the requestor's clock shows them (PS3.4 C.2.2.2.1.3, C.2.2.2.5): when a
// request says in which zone its own are (Timezone Offset From UTC (0008,0201); over DIMSE only
// where "timezone query adjustment" was negotiated), a date and its time are compared after they
// were moved there from the zone of the object, and so are date-times without an offset of their
// own.
//
// The zone of an object is (0008,0201) of its study, that is of the first object of it that said
// one. What has none is taken as it stands. A date without a time stays, a time without a date
// keeps its day; so does a date of birth. Dates and times move as pairs that rows hold
// (matching.h).
//
// Rows decide: the index is asked for dates two days wider, since zones lie up to 26 hours apart,
// and what it finds is compared exactly.
#pragma once

#include <optional>
#include <string>

#include "dicom/question.h"

namespace medarc::dicom {

inline constexpr Tag kTimezoneOffset{0x00080201};

// "+0800" in minutes east of UTC; nullopt: no such value (PS3.3 C.12.1.1.8; -1400 to +1400).
std::optional<int> zone_minutes(std::string_view text);
std::string zone_text(int minutes);

// Reads the question's keys of dates and times as those of this zone: question.zoned, where there
// are any. `combined`: ranges of a date and its time are one of moments.
void ask_in_zone(Question& question, int minutes, bool combined);

// Where date-times of this study that name no offset are: in its own zone, else the requestor's.
std::string zone_of(const index::StudyRow* study, const ZonedKeys& keys);
// The value with an offset: its own, else `zone`.
std::string with_zone(std::string_view date_time, std::string_view zone);
// Whether values of date-times are among what the condition compares.
bool compares_date_times(const Condition& condition);

// Not thread-safe.
class ZonedComparer {
 public:
  explicit ZonedComparer(const ZonedKeys& keys);
  bool meets(const Candidate& candidate);

 private:
  void read(const Candidate& candidate, Tag field, index::FieldValues& out) const;

  const ZonedKeys& keys_;
  std::vector<std::vector<index::CompiledTerm>> terms_;
};

}  // namespace medarc::dicom

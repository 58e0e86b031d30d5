// A search as both doors ask it: what rows tell, and what is compared on kept metadata.
#pragma once

#include <optional>

#include "dicom/condition.h"
#include "dicom/extra_attributes.h"

namespace medarc::dicom {

// Keys of dates and times in the zone of who asks: rows that they leave to be compared (zoned.h).
struct ZonedKeys {
  int minutes = 0;  // east of UTC
  std::vector<std::vector<index::Term>> all_of_any;
};

struct Question {
  index::Query query;
  std::vector<Condition> compared;   // all must hold; none: the rows alone decide
  std::optional<ZonedKeys> zoned{};  // likewise; date-times in `compared` have offsets then
};

// One match with what stands behind it, read as far as it is asked for. The view and the match
// outlive it.
class Candidate {
 public:
  // `extras`: by whose options the state of a study is told; null: the default ones.
  static Result<Candidate> of(index::View& view, const index::Match& match,
                              const ExtraAttributes* extras = nullptr);

  // What the rows say of it, the match's own row first; UIDs and the transfer syntax among it.
  std::optional<index::Attribute> in_rows(Tag tag) const;
  // The kept DICOM JSON of an instance; "" for other matches.
  Result<std::string_view> metadata();
  // An element of the match: from its rows where they hold such, else from metadata: the
  // instance's, or that of the first instance (by UIDs) that has a value, for one that is of a
  // level above it. Of the state of a study: made now.
  Result<std::optional<index::Attribute>> element(Tag tag, std::string_view creator,
                                                  Level level = Level::instance);

  std::optional<index::PatientRow> patient;
  std::optional<index::StudyRow> study;
  std::optional<index::SeriesRow> series;
  std::optional<index::InstanceRow> instance;

 private:
  Candidate(index::View& view, const ExtraAttributes* extras) : view_(&view), extras_(extras) {}
  Result<std::optional<index::Attribute>> in_instances(Tag tag, std::string_view creator,
                                                       Level level);

  index::View* view_;
  const ExtraAttributes* extras_;
  std::optional<Bytes> metadata_;
};

// Decides `compared` and `zoned` for every row of the query, which afterwards names the rows that
// match (query.among) and pages through them by their ids. Extra attributes narrow what is
// compared, as far as they are indexed; the answer is the same without. too_large: metadata of more
// than `instances_max` instances would have to be read, or as View::query.
Status settle(index::View& view, Question& question, const ExtraAttributes& extras,
              uint64_t instances_max);

}  // namespace medarc::dicom

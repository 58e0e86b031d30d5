#include "dicom/completeness/completeness.h"

#include <fmt/format.h>

#include <algorithm>

namespace medarc::dicom {
namespace {

using security::Action;
using security::Domain;

constexpr uint32_t kEventsAtOnce = 1000;
constexpr uint32_t kFeedPagesMax = 50;  // of kEventsAtOnce, looked through for one answer

// The evidence of a study, piece by piece.
class Weighing {
 public:
  Weighing(Assessment& a, const CompletenessOptions& options) : a_(a), options_(options) {}

  void run() {
    for (const SeriesLook& series : a_.look.series) weigh(series);
    weigh_counts();
    weigh_references();
    for (const auto& sender : a_.notes.senders) weigh(sender);
    for (const auto& commitment : a_.notes.commitments) weigh(commitment);
    weigh_time();
    const bool whole =
        all_here_ || (!a_.look.series.empty() && series_whole_ == a_.look.series.size());
    if (missing_ || (holes_ && !whole)) {
      a_.verdict = Verdict::incomplete;
    } else if (whole && quiet_) {
      a_.verdict = Verdict::complete;
    } else {
      a_.verdict = Verdict::unknown;
    }
  }

 private:
  void add(const char* what, Says says, std::string text, std::optional<SeriesUid> series = {}) {
    a_.evidence.push_back({what, says, std::move(text), std::move(series)});
  }

  // True: as many as expected, false: fewer.
  bool weigh(const ExpectedCount& count, const std::optional<SeriesUid>& series) {
    const bool enough = count.held >= count.expected;
    missing_ |= !enough;
    add("expected_count", enough ? Says::complete : Says::incomplete,
        fmt::format("{} says {}, {} are here", count.attribute, count.expected, count.held),
        series);
    return enough;
  }

  void weigh(const SeriesLook& series) {
    const Numbering& n = series.numbering;
    if (n.missing > 0) {
      const bool holes = has_holes(n);
      holes_ |= holes;
      add("number_gaps", holes ? Says::incomplete : Says::nothing,
          fmt::format("{} of the Instance Numbers from {} to {} are missing{}", n.missing, n.first,
                      n.last, holes ? "" : ": too many for holes, the series is numbered so"),
          series.uid);
    } else if (n.numbered > 1) {
      add("number_gaps", Says::nothing,
          fmt::format("Instance Numbers from {} to {} without a gap", n.first, n.last), series.uid);
    }
    if (n.doubled > 0) {
      add("number_gaps", Says::nothing,
          fmt::format("{} instances have a number that another one has", n.doubled), series.uid);
    }
    bool whole = !series.counts.empty();
    for (const ExpectedCount& count : series.counts) whole &= weigh(count, series.uid);
    for (const Concatenation& c : series.concatenations) {
      const bool missing = c.held < c.expected;
      missing_ |= missing;
      whole &= !missing;
      add("concatenation", missing ? Says::incomplete : Says::nothing,
          fmt::format("{} of {}{} parts of concatenation {} are here", c.held,
                      c.expected_given ? "" : "at least ", c.expected, c.uid),
          series.uid);
    }
    if (whole) ++series_whole_;
  }

  void weigh_counts() {
    for (const ExpectedCount& count : a_.look.counts) {
      const bool enough = weigh(count, {});
      if (count.attribute == "NumberOfStudyRelatedInstances") all_here_ |= enough;
    }
  }

  void weigh_references() {
    const StudyLook& look = a_.look;
    if (look.missing > 0) {
      missing_ = true;
      add("references", Says::incomplete,
          fmt::format("{} instances that others of the study refer to are not here", look.missing));
    } else if (look.references > 0) {
      add("references", Says::nothing,
          fmt::format("{} instances are referred to, none is missing", look.references));
    }
    if (look.removed > 0) {
      add("references", Says::nothing,
          fmt::format("{} instances that others refer to have been removed", look.removed));
    }
    if (look.references_cut) {
      add("references", Says::nothing, "there are more references than are looked for");
    }
    if (look.manifests_whole > 0) {
      all_here_ = true;
      add("manifest", Says::complete, "a key object selection names all the other instances");
    }
  }

  void weigh(const index::StudyNotes::Sender& sender) {
    missing_ |= !sender.released;
    add("association", sender.released ? Says::nothing : Says::incomplete,
        fmt::format("the last association of {} that brought something ({}) {} at {}", sender.name,
                    sender.instances, sender.released ? "ended in order" : "broke off",
                    to_rfc3339(sender.ended)));
  }

  void weigh(const index::StudyNotes::Commitment& c) {
    const std::string asked = fmt::format("storage commitment of {} at {}: {} committed", c.name,
                                          to_rfc3339(c.time), c.committed);
    if (c.missing > 0 && c.time >= a_.study.changed) {
      missing_ = true;
      add("commitment", Says::incomplete, fmt::format("{}, {} not here", asked, c.missing));
    } else if (c.failed > 0) {
      add("commitment", Says::nothing, fmt::format("{}, {} failed", asked, c.failed));
    } else if (c.missing == 0 && c.committed == a_.look.instances && c.time >= a_.study.changed) {
      all_here_ = true;
      add("commitment", Says::complete, asked + ": all there are");
    } else {
      add("commitment", Says::nothing, asked);
    }
  }

  void weigh_time() {
    const int64_t quiet_s = (a_.at.us - a_.study.changed.us) / 1'000'000;
    quiet_ = quiet_s >= options_.stable_after_s;
    add("quiet", Says::nothing,
        fmt::format("the last change was {} s ago{}", quiet_s, quiet_ ? "" : ": it may go on"));
  }

  Assessment& a_;
  const CompletenessOptions& options_;
  bool missing_ = false, holes_ = false, all_here_ = false, quiet_ = false;
  size_t series_whole_ = 0;
};

}  // namespace

void assess(Assessment& assessment, const CompletenessOptions& options) {
  Weighing(assessment, options).run();
}

Result<Assessment> Completeness::of(const Principal& principal, const StudyUid& study) {
  MEDARC_TRY(guard_.admit(principal, Action::find,
                          {Domain::images, "study/" + study.value, "completeness"}));
  const auto view = index_.view();
  MEDARC_ASSIGN(auto row, view->study(study));
  if (!row) {
    MEDARC_ASSIGN(const auto tombstone, view->tombstone(study, {}, {}));
    if (tombstone) return make_error(Code::gone, "it has been removed");
    return make_error(Code::not_found, "there is no such study in the archive");
  }
  Assessment out;
  out.study = std::move(*row);
  MEDARC_ASSIGN(out.notes, index::study_notes(*view, study));
  MEDARC_ASSIGN(out.look, look_at_study(*view, study, options_));
  out.at = now();
  assess(out, options_);
  return out;
}

Result<StablePage> Completeness::stable(const Principal& principal, archive::CommitNumber after,
                                        uint32_t limit) {
  MEDARC_TRY(guard_.admit(principal, Action::find, {Domain::images, "studies", "stable"}));
  const auto view = index_.view();
  StablePage out;
  out.next = after;
  for (uint32_t page = 0; page < kFeedPagesMax && out.studies.size() < limit; ++page) {
    MEDARC_ASSIGN(const auto events, view->feed(out.next, kEventsAtOnce));
    if (events.empty()) break;
    for (const index::Event& event : events) {
      // What one commit announces is told together.
      if (event.number != out.next && out.studies.size() >= limit) return out;
      out.next = event.number;
      if (event.kind != index::Kind::study) continue;
      StableStudy one;
      one.study = StudyUid(event.id);
      one.commit = event.number;
      MEDARC_ASSIGN(const auto row, view->study(one.study));
      MEDARC_ASSIGN(const index::StudyNotes notes, index::study_notes(*view, one.study));
      one.since = notes.stable_since;
      one.changed_since = !row || notes.stable_change != row->changed;
      out.studies.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace medarc::dicom

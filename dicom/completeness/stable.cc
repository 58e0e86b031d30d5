#include "dicom/completeness/stable.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/metrics.h"
#include "index/study_notes.h"

namespace medarc::dicom {
namespace {

using archive::CommitNumber;

constexpr uint32_t kEventsAtOnce = 1000;
constexpr size_t kAnnouncedAtOnce = 256;
constexpr std::chrono::milliseconds kPause{300};  // between looks at the feed and the clock

}  // namespace

StableStudies::StableStudies(index::Index& index, CompletenessOptions options, StableWork* work,
                             std::function<Timestamp()> clock)
    : index_(index), options_(options), work_(work), clock_(std::move(clock)) {}

StableStudies::~StableStudies() { stop(); }

void StableStudies::start() {
  if (options_.stable_after_s > 0) thread_ = std::thread([this] { run(); });
}

void StableStudies::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StableStudies::wait_until(const std::string& study, int64_t us) {
  Waiting& waiting = waiting_.at(study);
  order_.erase({waiting.look_us, study});
  waiting.look_us = us;
  order_.emplace(us, study);
}

void StableStudies::forget(const std::string& study) {
  const auto at = waiting_.find(study);
  order_.erase({at->second.look_us, study});
  waiting_.erase(at);
}

// False: there is nothing new, or no room for it.
Result<bool> StableStudies::read_feed(index::View& view) {
  if (!read_through_) {
    MEDARC_ASSIGN(read_through_, index::stable_through(view));
  }
  behind_ = false;
  if (waiting_.size() >= options_.waiting_studies_max) return false;
  MEDARC_ASSIGN(const CommitNumber last, view.last_commit());
  MEDARC_ASSIGN(const auto events, view.feed(*read_through_, kEventsAtOnce));
  for (const index::Event& event : events) {
    // What was there when a study was announced has been dealt with.
    if (event.kind == index::Kind::study && waiting_.contains(event.id)) forget(event.id);
    if (event.kind != index::Kind::instance) continue;
    const std::string study = event.id.substr(0, event.id.find('\0'));
    const auto [at, added] = waiting_.try_emplace(study, Waiting{event.number, 0});
    if (added) order_.emplace(0, study);
  }
  read_through_ = events.empty() ? last : events.back().number;
  behind_ = events.size() >= kEventsAtOnce;
  return !events.empty();
}

Result<std::vector<StableStudies::Due>> StableStudies::find_due(index::View& view) {
  const int64_t now_us = clock_().us;
  const int64_t quiet_us = int64_t{options_.stable_after_s} * 1'000'000;
  std::vector<Due> out;
  std::vector<std::string> looked_at;
  more_due_ = false;
  for (const auto& [us, study] : order_) {
    if (us > now_us) break;
    more_due_ = looked_at.size() == kAnnouncedAtOnce;
    if (more_due_) break;
    looked_at.push_back(study);
  }
  for (std::string& study : looked_at) {
    MEDARC_ASSIGN(const auto row, view.study(index::StudyUid(study)));
    MEDARC_ASSIGN(const index::StudyNotes notes, index::study_notes(view, index::StudyUid(study)));
    if (!row || notes.stable_change == row->changed) {
      forget(study);
    } else if (row->changed.us + quiet_us > now_us) {
      wait_until(study, row->changed.us + quiet_us);
    } else {
      out.push_back({std::move(study), row->changed, notes.stable_change.has_value()});
    }
  }
  return out;
}

Status StableStudies::announce(const std::vector<Due>& due) {
  // Everything before the first event of a study that goes on waiting has been dealt with. What of
  // `due` changes meanwhile has an event behind all that was read.
  std::set<std::string> announced;
  for (const Due& one : due) announced.insert(one.study);
  CommitNumber through = *read_through_;
  for (const auto& [study, waiting] : waiting_) {
    if (announced.contains(study)) continue;
    through = std::min(through, CommitNumber{waiting.first.value - 1});
  }
  index::Facts facts;
  facts.time = clock_();
  for (const Due& one : due) {
    facts.ops.emplace_back(
        index::announce_stable(index::StudyUid(one.study), one.changed, through));
  }
  std::vector<index::JobRow> jobs;
  StableWork* const work = work_ != nullptr && work_->wanted() ? work_ : nullptr;
  for (const Due& one : due) {
    if (work == nullptr) break;
    jobs.push_back(work->job_for(index::StudyUid(one.study), waiting_.at(one.study).first,
                                 one.before, facts.time));
    facts.ops.emplace_back(index::PutJob{jobs.back(), false});
  }
  MEDARC_ASSIGN(const index::CommitResult done, index_.commit({}, std::move(facts)));
  static Counter& count = counter("medarc_studies_stable_total", "Studies announced as stable.");
  for (size_t i = 0; i < due.size(); ++i) {
    if (done.outcomes[i].state == index::State::precondition_failed) continue;  // it changed again
    if (done.outcomes[i].state == index::State::done) {
      count.add();
      if (work != nullptr) work->announced(jobs[i]);
    }
    forget(due[i].study);
  }
  return {};
}

Result<bool> StableStudies::step() {
  const std::unique_ptr<index::View> view = index_.view();
  MEDARC_ASSIGN(const bool more, read_feed(*view));
  if (behind_) return true;  // an announcement made already may be in what follows
  MEDARC_ASSIGN(const auto due, find_due(*view));
  if (!due.empty()) MEDARC_TRY(announce(due));
  static Gauge& gauge_waiting =
      gauge("medarc_studies_waiting", "Studies that are waited for to become stable.");
  gauge_waiting.set(static_cast<int64_t>(waiting_.size()));
  return more || more_due_ || !due.empty();
}

void StableStudies::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const Result<bool> more = step();
    if (more.has_error()) log(medarc::Level::error, "study.stable", {{"error", more.error().text}});
    lock.lock();
    if (more.has_value() && *more) continue;
    wake_.wait_for(lock, kPause, [this] { return stopping_; });
  }
}

}  // namespace medarc::dicom

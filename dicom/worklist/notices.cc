// How subscribers are told: peers by durable jobs, committed with what they are told of; readers of
// event channels right after the commit.
#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/metrics.h"
#include "dicom/worklist/worklist.h"

namespace medarc::dicom::worklist {
namespace {

using security::Action;

constexpr auto kRemovalPeriod = std::chrono::minutes(10);
constexpr uint32_t kPageRows = 200;
constexpr int64_t kHourUs = 3'600'000'000;

Counter& events_total(bool over_web) {
  static Counter& web = counter("medarc_worklist_events_total",
                                "Events for subscribers of the "
                                "worklist.",
                                "over=\"web\"");
  static Counter& dimse = counter("medarc_worklist_events_total",
                                  "Events for subscribers of the "
                                  "worklist.",
                                  "over=\"dimse\"");
  return over_web ? web : dimse;
}

}  // namespace

// Jobs of a queue are done in the order of their names.
std::string Worklist::next_job_name() {
  std::lock_guard lock(mutex_);
  std::string instant = fmt::format("{:020}", now().us);
  if (instant > last_job_) {
    last_job_ = std::move(instant);
    jobs_in_instant_ = 0;
  }
  return fmt::format("{}-{:06}", last_job_, jobs_in_instant_++);
}

void Worklist::add_notice(const index::SubscriptionRow& to, const Event& event, Notices& out) {
  events_total(to.over_web).add();
  if (to.over_web) {
    out.channels.emplace_back(to.aet, event);
    return;
  }
  // CC.2.4.3: a server has no duty to queue; rather than refuse the work, it tells its operator.
  if (!jobs_.room_for(out.jobs.size() + 1)) {
    log(medarc::Level::warn, "worklist.event_dropped",
        {{"receiver", to.aet}, {"reason", "jobs_max"}});
    return;
  }
  index::JobRow job;
  job.queue = "worklist:" + to.aet;
  job.name = next_job_name();
  job.kind = kEventJob;
  job.payload = encode(EventJob{to.aet, event});
  job.due = now();
  out.jobs.push_back(std::move(job));
}

Status Worklist::add_notices(index::View& view, const std::string& uid,
                             const std::vector<Event>& events, Notices& out) {
  if (events.empty()) return {};
  MEDARC_ASSIGN(const auto listeners, view.subscriptions(index::SopInstanceUid(uid)));
  for (const index::SubscriptionRow& s : listeners) {
    for (const Event& event : events) add_notice(s, event, out);
  }
  return {};
}

void Worklist::deliver(const Notices& notices, const std::vector<index::OpOutcome>& outcomes,
                       size_t first_job) {
  for (size_t i = 0; i < notices.jobs.size(); ++i) {
    if (outcomes[first_job + i].state == index::State::done) jobs_.committed(notices.jobs[i]);
  }
  for (const auto& [aet, event] : notices.channels) channels_.send(aet, event);
}

Status Worklist::commit_notices(std::vector<index::Op> ops, const Notices& notices) {
  const size_t first_job = ops.size();
  for (const index::JobRow& job : notices.jobs) ops.emplace_back(index::PutJob{job, false});
  if (!ops.empty()) {
    MEDARC_ASSIGN(const auto done, index_.commit({}, {now(), std::move(ops)}));
    deliver(notices, done.outcomes, first_job);
  } else {
    deliver(notices, {}, 0);
  }
  return {};
}

Result<std::shared_ptr<Channel>> Worklist::open_channel(const Principal& who,
                                                        const std::string& aet) {
  MEDARC_TRY(guard_.admit(who, Action::find,
                          {security::Domain::worklist, "subscriber/" + aet, "event channel"}));
  bool first = false;
  MEDARC_ASSIGN(auto channel, channels_.open(aet, &first));
  MEDARC_ASSIGN(const auto targets, index_.view()->subscribed_by(aet));
  // What happened while nobody could be connected is not told again; that it may have, is.
  if (first && !targets.empty()) channel->push(restarted_event());
  return channel;
}

void Worklist::start() {
  const auto view = index_.view();
  Notices notices;
  if (auto all = view->subscribers(); all.has_value()) {
    for (const std::string& aet : *all) {
      if (destinations_ == nullptr || destinations_->find(aet) == nullptr) continue;
      index::SubscriptionRow to;
      to.aet = aet;
      add_notice(to, restarted_event(), notices);
    }
  }
  if (const Status told = commit_notices({}, notices); told.has_error()) {
    log(medarc::Level::error, "worklist.not_told", {{"error", told.error().text}});
  }
  worker_ = std::thread([this] { work(); });
}

void Worklist::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_all();
  channels_.close_all("the server stops");
  if (worker_.joinable()) worker_.join();
}

void Worklist::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (options_.keep_final_hours > 0) {
      lock.unlock();
      const Timestamp before{now().us - int64_t{options_.keep_final_hours} * kHourUs};
      if (const auto removed = remove_final(before); removed.has_error()) {
        log(medarc::Level::error, "worklist.not_removed", {{"error", removed.error().text}});
      }
      lock.lock();
    }
    if (!stopping_) stop_.wait_for(lock, kRemovalPeriod);
  }
}

Result<uint64_t> Worklist::remove_final(Timestamp before) {
  const Principal self{"system:worklist", {security::Role::administrator}, "worklist", ""};
  index::Query query;
  query.kind = index::Kind::work_item;
  query.limit = kPageRows;
  query.all_of_any = {
      {{kStepState,
        index::TermOp::equal,
        {std::string(to_string(State::completed)), std::string(to_string(State::canceled))}}}};
  uint64_t removed = 0;
  do {
    // One page at a time, so that nobody waits for long.
    std::unique_lock alone(subscriptions_);
    const auto view = index_.view();
    MEDARC_ASSIGN(index::Page page, view->query(query));
    std::vector<index::Op> ops;
    for (const index::Match& match : page.matches) {
      MEDARC_ASSIGN(const auto row, index::decode_work_item(match.row.value));
      if (!row.final() || row.changed > before) continue;
      MEDARC_ASSIGN(const auto listeners, view->subscriptions(row.uid));
      const bool locked = std::any_of(listeners.begin(), listeners.end(),
                                      [](const auto& s) { return s.deletion_lock; });
      if (locked) continue;
      const security::Object object = object_of(row.uid.value, "kept long enough");
      MEDARC_TRY(guard_.authorise(self, Action::remove, object));
      ops.emplace_back(index::RemoveWorkItem{row.uid, row.version});
      ops.push_back(guard_.audit_op(self, Action::remove, object));
      ++removed;
    }
    if (!ops.empty()) {
      MEDARC_ASSIGN(const auto done, index_.commit({}, {now(), std::move(ops)}));
    }
    query.after = std::move(page.next);
  } while (!query.after.empty());
  return removed;
}

}  // namespace medarc::dicom::worklist

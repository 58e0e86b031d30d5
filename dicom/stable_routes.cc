#include "dicom/stable_routes.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/codec.h"
#include "dicom/delivery.h"
#include "index/provenance.h"
#include "security/identity.h"

namespace medarc::dicom {

using archive::CommitNumber;
using index::InstanceRow;
using index::JobOutcome;
using index::StudyUid;
using Verdict = JobOutcome::Verdict;

namespace {

constexpr uint8_t kPayloadVersion = 1;
constexpr uint32_t kEventsAtOnce = 1000, kRowsAtOnce = 500;
constexpr size_t kJobsAtOnce = 500;  // of one commit

}  // namespace

struct StableRoutes::Asked {
  StudyUid study;
  CommitNumber first;
  bool before = false;
  Timestamp time;  // of the announcement
};

// Ids of instances.
struct StableRoutes::Changes {
  bool announced = false;
  std::set<Bytes> fresh;  // before the announcement, and after the one before it
  std::set<Bytes> later;  // new only after it: the next one's
};

index::JobRow StableRoutes::job_for(const StudyUid& study, CommitNumber first, bool before,
                                    Timestamp time) {
  Encoder payload;
  payload.fixed(kPayloadVersion);
  payload.bytes(study.value);
  payload.varint(first.value);
  payload.fixed(static_cast<uint8_t>(before ? 1 : 0));
  payload.zigzag(time.us);
  index::JobRow job;
  job.queue = kStableRouteQueue;
  job.name = fmt::format("{:016x}-{}", first.value, study.value);
  job.kind = kStableRouteJob;
  job.payload = payload.take();
  job.due = time;
  return job;
}

Result<StableRoutes::Asked> StableRoutes::decode(ByteView payload) {
  Decoder in(payload);
  const auto version = in.fixed<uint8_t>();
  Asked out;
  out.study.value = in.bytes();
  out.first.value = in.varint();
  out.before = in.fixed<uint8_t>() != 0;
  out.time.us = in.zigzag();
  if (version != kPayloadVersion || !in.at_end()) {
    return make_error(Code::corrupt, "the routing of a stable study cannot be decoded");
  }
  return out;
}

Result<StableRoutes::Changes> StableRoutes::changes(index::View& view, const Asked& asked) {
  const Bytes prefix = asked.study.value + '\0';
  Changes out;
  CommitNumber after{asked.first.value - 1};
  while (true) {
    MEDARC_ASSIGN(const auto events, view.feed(after, kEventsAtOnce));
    if (events.empty()) return out;
    after = events.back().number;
    for (const index::Event& event : events) {
      if (event.kind == index::Kind::study && event.id == asked.study.value) {
        if (out.announced) return out;  // the next one
        out.announced = true;
      }
      if (event.kind != index::Kind::instance || !event.id.starts_with(prefix)) continue;
      if (!out.announced) {
        out.fresh.insert(event.id);
      } else if (event.state == index::State::done && !out.fresh.contains(event.id)) {
        out.later.insert(event.id);
      }
    }
  }
}

// Deliveries on their way to the log.
class StableRoutes::Batch {
 public:
  Batch(index::Index& index, const Routes& routes, index::Jobs& jobs, const Asked& asked)
      : index_(index), routes_(routes), jobs_(jobs), asked_(asked) {}

  // False: there is no room for it.
  Result<bool> add(const index::StudyRow& study, const index::SeriesRow& series,
                   const InstanceRow& row, bool is_new) {
    index::StoreInstance object;
    object.study_attributes = study.attributes;  // with the patient's
    object.series_attributes = series.attributes;
    object.instance = row;
    security::Principal sender;
    if (const auto* by = row.attributes.find(index::kFieldStoredBy); by && by->values.size() == 2) {
      sender.id = by->values[0];
      sender.door = by->values[1];
    }
    const std::string calling(security::calling_aet(sender));
    for (const RouteTarget& to :
         routes_.stable_targets(object, calling, local_minute(asked_.time), is_new)) {
      waiting_.push_back(delivery_job(to, row, asked_.time, place_++));
    }
    if (waiting_.size() < kJobsAtOnce) return true;
    return flush();
  }

  Result<bool> flush() {
    if (waiting_.empty()) return true;
    if (!jobs_.room_for(waiting_.size())) return false;
    index::Facts facts;
    facts.time = now();
    for (const index::JobRow& job : waiting_) facts.ops.emplace_back(index::PutJob{job, false});
    MEDARC_ASSIGN(const index::CommitResult done, index_.commit({}, std::move(facts)));
    for (size_t i = 0; i < waiting_.size(); ++i) {
      if (done.outcomes[i].state == index::State::done) jobs_.committed(waiting_[i]);
    }
    waiting_.clear();
    return true;
  }

 private:
  index::Index& index_;
  const Routes& routes_;
  index::Jobs& jobs_;
  const Asked& asked_;
  std::vector<index::JobRow> waiting_;
  uint32_t place_ = 0;
};

Result<JobOutcome> StableRoutes::expand(const Asked& asked) {
  const JobOutcome full{Verdict::later, "there are jobs_max jobs already"};
  const std::unique_ptr<index::View> view = index_.view();
  MEDARC_ASSIGN(const auto study, view->study(asked.study));
  if (!study) return JobOutcome{Verdict::done, ""};  // removed meanwhile
  MEDARC_ASSIGN(const Changes found, changes(*view, asked));
  if (!found.announced) return JobOutcome{Verdict::later, "the study is not stable yet"};
  Batch batch(index_, routes_, jobs_, asked);
  const bool whole = !asked.before || routes_.any_again();
  index::Query query;
  query.kind = index::Kind::instance;
  query.study = asked.study;
  query.order = index::Order::by_id;
  query.limit = kRowsAtOnce;
  if (!whole) {
    query.among =
        std::make_shared<const std::vector<Bytes>>(found.fresh.begin(), found.fresh.end());
  }
  do {
    MEDARC_ASSIGN(const index::Page page, view->query(query));
    for (const index::Match& match : page.matches) {
      if (found.later.contains(match.row.id)) continue;
      MEDARC_ASSIGN(const InstanceRow row, index::decode_instance(match.row.value));
      MEDARC_ASSIGN(const bool room,
                    batch.add(*study, match.series.value_or(index::SeriesRow()), row,
                              !asked.before || found.fresh.contains(match.row.id)));
      if (!room) return full;
    }
    query.after = page.next;
  } while (!query.after.empty());
  MEDARC_ASSIGN(const bool room, batch.flush());
  return room ? JobOutcome{Verdict::done, ""} : full;
}

std::vector<JobOutcome> StableRoutes::run(const std::vector<index::JobRow>& jobs) {
  const auto asked = decode(jobs.front().payload);
  if (asked.has_error()) return {{Verdict::failed, asked.error().text}};
  auto outcome = expand(*asked);
  if (outcome.has_error()) return {{Verdict::later, outcome.error().text}};
  return {std::move(*outcome)};
}

}  // namespace medarc::dicom

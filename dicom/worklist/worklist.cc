#include "dicom/worklist/worklist.h"

#include "base/metrics.h"
#include "dicom/sop_class.h"

namespace medarc::dicom::worklist {
namespace {

using index::WorkItemRow;
using security::Action;
using security::Domain;

constexpr int kAttemptsMax = 32;  // at a change, when others change the item as well

Counter& changes() {
  static Counter& c = counter("medarc_worklist_changes_total", "Changes of work items.");
  return c;
}

bool well_known(std::string_view uid) { return uid == kAllItems || uid == kFilteredItems; }

DataElement coded(Tag tag, const char* value, const char* scheme, const char* meaning) {
  DataElement out;
  out.tag = tag;
  out.vr = {'S', 'Q'};
  DataSet& item = out.items.emplace_back();
  item.set(Tag{0x00080100}, "SH", {value});
  item.set(Tag{0x00080102}, "SH", {scheme});
  item.set(Tag{0x00080104}, "LO", {meaning});
  return out;
}

// A SCHEDULED item that is canceled on request has its final state from the request.
void note_cancellation(DataSet& item, const DataSet& request) {
  DataElement progress;
  DataSet& first = progress_of(item, progress);
  for (const Tag tag : {kCancelReason, kDiscontinuation}) {
    if (const DataElement* told = request.find(tag)) first.set(*told);
  }
  if (!first.has_value(kDiscontinuation)) {
    first.set(coded(kDiscontinuation, "110513", "DCM", "Discontinued for unspecified reason"));
  }
  item.set(std::move(progress));
}

void set_state(WorkItemRow& row, DataSet& item, State state) {
  row.state = state;
  item.set(kStepState, "CS", {std::string(to_string(state))});
}

}  // namespace

Result<DataSet> item_of(const index::WorkItemRow& row) {
  DataSetLimits limits;  // stored items were within the limits of their day
  limits.depth_max = 64;
  limits.elements_max = UINT32_MAX;
  limits.bytes_max = row.dataset.size();
  auto item = read_dataset_json(row.dataset, limits);
  if (item.has_error()) return make_error(Code::corrupt, "a stored work item cannot be read");
  return item;
}

Result<DataSet> item_of(const index::Match& match) {
  MEDARC_ASSIGN(const index::WorkItemRow row, index::decode_work_item(match.row.value));
  return item_of(row);
}

Worklist::Worklist(index::Index& index, security::Guard& guard, index::Jobs& jobs,
                   const Destinations* destinations, WorklistOptions options)
    : index_(index),
      guard_(guard),
      jobs_(jobs),
      destinations_(destinations),
      options_(std::move(options)),
      channels_(options_) {}

Worklist::~Worklist() { stop(); }

security::Object Worklist::object_of(const std::string& uid, std::string detail) const {
  return {Domain::worklist, "workitem/" + uid, std::move(detail)};
}

Result<Reply> Worklist::missing(index::View& view, const std::string& uid) {
  MEDARC_ASSIGN(const auto removed, view.removed_work_item(index::SopInstanceUid(uid)));
  Reply out = reply(kNoSuchItem);
  out.gone = removed.has_value();
  return out;
}

Result<Reply> Worklist::create(const Principal& who, const std::string& uid, DataSet item) {
  const security::Object object = object_of(uid, "create");
  MEDARC_TRY(guard_.authorise(who, Action::store, object));
  if (!plausible_uid(uid) || well_known(uid)) return reply(kInvalidUid);
  const Timestamp time = now();
  Reply made = complete_new_item(item, uid, options_.label, time);
  if (made.failed()) return made;

  WorkItemRow row;
  row.uid.value = uid;
  row.attributes = searchable(item);
  row.dataset = to_json(item);
  if (row.dataset.size() > options_.item.bytes_max) {
    return make_error(Code::too_large, "the work item is over worklist.item_bytes_max");
  }
  std::shared_lock subscriptions(subscriptions_);
  std::lock_guard one(lock_of(uid));
  std::vector<Event> events{state_event(uid, item)};
  add_assigned(uid, item, events);
  const auto view = index_.view();
  std::vector<index::Op> ops{index::PutWorkItem{row, 0}};
  Notices notices;
  std::map<std::string, index::SubscriptionRow> told;  // by AE title
  for (const std::string_view target : {kAllItems, kFilteredItems}) {
    MEDARC_ASSIGN(const auto all, view->subscriptions(index::SopInstanceUid(std::string(target))));
    for (const index::SubscriptionRow& s : all) {
      MEDARC_ASSIGN(const bool wanted, filter_matches(s, row));
      if (!wanted) continue;
      auto [place, fresh] = told.try_emplace(s.aet, s);
      place->second.deletion_lock |= s.deletion_lock;
    }
  }
  for (auto& [aet, s] : told) {
    s.target.value = uid;
    s.scope = index::SubscriptionRow::Scope::item;
    s.filter.clear();
    ops.emplace_back(index::PutSubscription{s, true});
    for (const Event& event : events) add_notice(s, event, notices);
  }
  const size_t first_job = ops.size();
  for (const index::JobRow& job : notices.jobs) ops.emplace_back(index::PutJob{job, true});
  ops.push_back(guard_.audit_op(who, Action::store, object));
  MEDARC_ASSIGN(const auto done, index_.commit({}, {time, std::move(ops)}));
  if (done.outcomes[0].state != index::State::done) return reply(kUidTaken);
  changes().add();
  deliver(notices, done.outcomes, first_job);
  return made;
}

Result<Retrieved> Worklist::retrieve(const Principal& who, const std::string& uid) {
  MEDARC_TRY(guard_.admit(who, Action::read, object_of(uid, "")));
  const auto view = index_.view();
  MEDARC_ASSIGN(const auto row, view->work_item(index::SopInstanceUid(uid)));
  if (!row) {
    MEDARC_ASSIGN(Reply none, missing(*view, uid));
    return Retrieved{std::move(none), {}};
  }
  MEDARC_ASSIGN(DataSet item, item_of(*row));
  return Retrieved{{}, std::move(item)};
}

Result<Reply> Worklist::change(const Principal& who, const std::string& uid,
                               const std::string& detail, const Decide& decide) {
  const security::Object object = object_of(uid, detail);
  MEDARC_TRY(guard_.authorise(who, Action::store, object));
  std::shared_lock subscriptions(subscriptions_);
  std::lock_guard one(lock_of(uid));
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    const auto view = index_.view();
    MEDARC_ASSIGN(auto row, view->work_item(index::SopInstanceUid(uid)));
    if (!row) return missing(*view, uid);
    MEDARC_ASSIGN(DataSet item, item_of(*row));
    Change made = decide(*row, item, *view);
    if (made.reply.failed() || (!made.changed && made.events.empty())) return made.reply;
    Notices notices;
    MEDARC_TRY(add_notices(*view, uid, made.events, notices));
    std::vector<index::Op> ops;
    if (made.changed) {
      row->attributes = searchable(item);
      row->dataset = to_json(item);
      if (row->dataset.size() > options_.item.bytes_max) {
        return make_error(Code::too_large, "the work item is over worklist.item_bytes_max");
      }
      ops.emplace_back(index::PutWorkItem{*row, row->version});
    }
    const size_t first_job = ops.size();
    for (const index::JobRow& job : notices.jobs)
      ops.emplace_back(index::PutJob{job, made.changed});
    ops.push_back(guard_.audit_op(who, Action::store, object));
    MEDARC_ASSIGN(const auto done, index_.commit({}, {now(), std::move(ops)}));
    if (made.changed && done.outcomes[0].state != index::State::done) continue;
    changes().add();
    deliver(notices, done.outcomes, first_job);
    return made.reply;
  }
  return make_error(Code::unavailable, "the work item is being changed by others; try again");
}

Result<Reply> Worklist::update(const Principal& who, const std::string& uid,
                               std::string transaction, const DataSet& changes) {
  if (transaction.empty()) transaction = changes.first(kTransaction);
  return change(who, uid, "update", [&](WorkItemRow& row, DataSet& item, index::View&) {
    Change out;
    out.reply = reply(may_update(row, transaction));
    out.reply.unclaimed = transaction.empty();
    if (out.reply.failed()) return out;
    const DataSet before = item;
    out.reply = apply_changes(item, changes, now());
    if (out.reply.failed()) return out;
    out.changed = true;
    out.events = events_between(uid, before, item);
    return out;
  });
}

Result<Reply> Worklist::change_state(const Principal& who, const std::string& uid,
                                     const DataSet& request) {
  const std::string transaction(request.first(kTransaction));
  const auto wanted = state_of(request.first(kStepState));
  const std::string detail = "state " + std::string(wanted ? to_string(*wanted) : "?");
  return change(who, uid, detail, [&](WorkItemRow& row, DataSet& item, index::View&) {
    Change out;
    if (!wanted) {
      out.reply = reply(kInvalidAttribute, "Procedure Step State is none of the states there are");
      return out;
    }
    out.reply = reply(change_to(row, *wanted, transaction));
    out.reply.unclaimed = transaction.empty();
    if (out.reply.failed() || out.reply.warned()) return out;
    if (*wanted != State::in_progress) {
      out.reply = complete_final_item(item, *wanted, now());
      if (out.reply.failed()) return out;
    } else if (!plausible_uid(transaction)) {
      out.reply = reply(kInvalidAttribute, "Transaction UID is no UID");
      return out;
    } else {
      row.transaction = transaction;
    }
    set_state(row, item, *wanted);
    out.changed = true;
    out.events = {state_event(uid, item)};
    return out;
  });
}

Result<Reply> Worklist::request_cancel(const Principal& who, const std::string& uid,
                                       const DataSet& request, const std::string& requestor) {
  Status failed;
  auto done = change(who, uid, "cancel", [&](WorkItemRow& row, DataSet& item, index::View& view) {
    Change out;
    out.reply = reply(may_request_cancel(row));
    if (out.reply.failed() || out.reply.warned()) return out;
    if (row.state == State::in_progress) {
      auto listeners = view.subscriptions(row.uid);
      if (listeners.has_error()) failed = listeners.error();
      if (listeners.has_error() || listeners->empty()) {
        out.reply = reply(kPerformerUnreachable);
        return out;
      }
      out.events = {cancel_event(uid, request, requestor)};
      return out;
    }
    // Through IN PROGRESS, as the state table has it.
    set_state(row, item, State::in_progress);
    out.events = {state_event(uid, item)};
    note_cancellation(item, request);
    set_state(row, item, State::canceled);
    out.reply = complete_final_item(item, State::canceled, now());
    out.changed = true;
    out.events.push_back(state_event(uid, item));
    return out;
  });
  MEDARC_TRY(failed);
  return done;
}

Result<index::Page> Worklist::find(const Principal& who, index::View& view,
                                   const index::Query& query) {
  std::string keys;
  for (const auto& group : query.all_of_any) {
    if (group.empty()) continue;
    const std::string keyword = keyword_of(group.front().field);
    keys += (keys.empty() ? "" : " ") + (keyword.empty() ? tag_hex(group.front().field) : keyword);
  }
  MEDARC_TRY(guard_.admit(who, Action::find, {Domain::worklist, "workitems", keys}));
  return view.query(query);
}

}  // namespace medarc::dicom::worklist

// Subscriptions (PS3.4 CC.2.3, table CC.2.3-2). A subscription to all items is kept twice: as what
// happens to new ones, and as a subscription to each item there is, so that a single one can be
// left or locked, and what was subscribed to stays when new items no longer are.
#include <algorithm>
#include <utility>

#include "dicom/worklist/worklist.h"

namespace medarc::dicom::worklist {
namespace {

using index::SubscriptionRow;
using security::Action;
using security::Domain;

constexpr uint32_t kPageRows = 200;
constexpr size_t kOpsMax = 500;  // of one commit
constexpr size_t kAetCharactersMax = 16;

// AE (PS3.5 6.2): no backslash, no control characters, not only blanks.
bool is_aet(std::string_view aet) {
  return !aet.empty() && aet.size() <= kAetCharactersMax && aet.front() != ' ' &&
         aet.back() != ' ' && std::all_of(aet.begin(), aet.end(), [](char c) {
           return c >= ' ' && c < 0x7F && c != '\\';
         });
}

SubscriptionRow::Scope scope_of(const std::string& target) {
  return target == kAllItems        ? SubscriptionRow::Scope::all
         : target == kFilteredItems ? SubscriptionRow::Scope::filtered
                                    : SubscriptionRow::Scope::item;
}

SubscriptionRow row_of(const Subscription& wanted, const std::string& target) {
  SubscriptionRow out;
  out.target.value = target;
  out.aet = wanted.aet;
  out.scope = scope_of(target);
  out.deletion_lock = wanted.deletion_lock;
  out.over_web = wanted.over_web;
  if (out.scope == SubscriptionRow::Scope::filtered) out.filter = to_json(wanted.filter);
  return out;
}

security::Object object_of_aet(const std::string& aet, const std::string& detail) {
  return {Domain::worklist, "subscriber/" + aet, detail};
}

}  // namespace

Result<bool> Worklist::filter_matches(const SubscriptionRow& row, const index::WorkItemRow& item) {
  if (row.scope != SubscriptionRow::Scope::filtered) return true;
  DataSetLimits limits;
  limits.depth_max = 64;
  limits.bytes_max = row.filter.size();
  MEDARC_ASSIGN(const DataSet filter, read_dataset_json(row.filter, limits));
  MEDARC_ASSIGN(const Keys keys, read_keys(filter, {}));
  return matches(item, keys.query);
}

Result<Reply> Worklist::check_receiver(const Subscription& wanted) const {
  if (!is_aet(wanted.aet)) return reply(kUnknownReceiver);
  const bool reachable =
      wanted.over_web || (destinations_ != nullptr && destinations_->find(wanted.aet) != nullptr);
  return reachable ? Reply() : reply(kUnknownReceiver);
}

Result<Reply> Worklist::subscribe(const Principal& who, const Subscription& wanted) {
  const security::Object object = object_of_aet(wanted.aet, "subscribe " + wanted.target);
  MEDARC_TRY(guard_.authorise(who, Action::find, object));
  MEDARC_ASSIGN(const Reply receiver, check_receiver(wanted));
  if (receiver.failed()) return receiver;
  const SubscriptionRow row = row_of(wanted, wanted.target);
  Keys keys;
  keys.query.kind = index::Kind::work_item;
  if (row.scope == SubscriptionRow::Scope::filtered) {
    MEDARC_ASSIGN(keys, read_keys(wanted.filter, {}));
    // A key that cannot be looked at would tell of more than was asked for.
    if (!keys.unsupported.empty() || keys.query.all_of_any.empty()) {
      return reply(kInvalidAttribute, "a filter needs matching keys that are supported here");
    }
  }
  std::unique_lock alone(subscriptions_);
  const auto view = index_.view();
  std::vector<index::Op> ops;
  Notices notices;
  if (row.scope == SubscriptionRow::Scope::item) {
    MEDARC_ASSIGN(const auto item, view->work_item(row.target));
    if (!item) return missing(*view, wanted.target);
    MEDARC_ASSIGN(const DataSet dataset, item_of(*item));
    add_notice(row, state_event(wanted.target, dataset), notices);
  } else {
    MEDARC_ASSIGN(const auto there, view->subscriptions(row.target));
    MEDARC_ASSIGN(const auto own, view->subscription(row.target, row.aet));
    if (!own && there.size() >= options_.subscribers_max) {
      return make_error(Code::exhausted, "there are worklist.subscribers_max subscribers already");
    }
    MEDARC_TRY(subscribe_existing(wanted, keys.query));
  }
  ops.emplace_back(index::PutSubscription{row, false});
  ops.push_back(guard_.audit_op(who, Action::find, object));
  MEDARC_TRY(commit_notices(std::move(ops), notices));
  return Reply();
}

// Items that are subscribed to already stay as they are; for the others it begins, with a first
// event where a deletion lock is wanted (table CC.2.3-2).
Status Worklist::subscribe_existing(const Subscription& wanted, const index::Query& query) {
  const auto view = index_.view();
  index::Query all = query;
  all.limit = kPageRows;
  std::vector<index::Op> ops;
  Notices notices;
  const auto flush = [&]() -> Status {
    Status done = commit_notices(std::exchange(ops, {}), notices);
    notices = {};
    return done;
  };
  do {
    MEDARC_ASSIGN(index::Page page, view->query(all));
    for (const index::Match& match : page.matches) {
      MEDARC_ASSIGN(const auto item, index::decode_work_item(match.row.value));
      MEDARC_ASSIGN(const auto there, view->subscription(item.uid, wanted.aet));
      if (there) continue;
      const SubscriptionRow row = row_of(wanted, item.uid.value);
      ops.emplace_back(index::PutSubscription{row, false});
      if (wanted.deletion_lock) {
        MEDARC_ASSIGN(const DataSet dataset, item_of(item));
        add_notice(row, state_event(item.uid.value, dataset), notices);
      }
      if (ops.size() + notices.jobs.size() >= kOpsMax) MEDARC_TRY(flush());
    }
    all.after = std::move(page.next);
  } while (!all.after.empty());
  return flush();
}

Result<Reply> Worklist::unsubscribe(const Principal& who, const std::string& target,
                                    const std::string& aet) {
  const security::Object object = object_of_aet(aet, "unsubscribe " + target);
  MEDARC_TRY(guard_.authorise(who, Action::find, object));
  if (!is_aet(aet)) return reply(kUnknownReceiver);
  std::unique_lock alone(subscriptions_);
  const auto view = index_.view();
  std::vector<index::Op> ops{guard_.audit_op(who, Action::find, object)};
  if (scope_of(target) != SubscriptionRow::Scope::item) {
    MEDARC_TRY(remove_subscriptions(aet, std::move(ops)));
    return Reply();
  }
  const index::SopInstanceUid uid(target);
  MEDARC_ASSIGN(const auto item, view->work_item(uid));
  if (!item) return missing(*view, target);
  ops.emplace_back(index::RemoveSubscription{uid, aet});
  MEDARC_ASSIGN(const auto done, index_.commit({}, {now(), std::move(ops)}));
  return Reply();
}

// All of them, global and specific (CC.2.3.1, note).
Status Worklist::remove_subscriptions(const std::string& aet, std::vector<index::Op> first) {
  MEDARC_ASSIGN(const auto targets, index_.view()->subscribed_by(aet));
  std::vector<index::Op> ops = std::move(first);
  for (const index::SopInstanceUid& target : targets) {
    ops.emplace_back(index::RemoveSubscription{target, aet});
    if (ops.size() < kOpsMax) continue;
    MEDARC_ASSIGN(const auto done, index_.commit({}, {now(), std::exchange(ops, {})}));
  }
  if (ops.empty()) return {};
  MEDARC_ASSIGN(const auto done, index_.commit({}, {now(), std::move(ops)}));
  return {};
}

Result<Reply> Worklist::suspend(const Principal& who, const std::string& target,
                                const std::string& aet) {
  const security::Object object = object_of_aet(aet, "suspend " + target);
  MEDARC_TRY(guard_.authorise(who, Action::find, object));
  if (scope_of(target) == SubscriptionRow::Scope::item) return reply(kActionNotAppropriate);
  if (!is_aet(aet)) return reply(kUnknownReceiver);
  std::unique_lock alone(subscriptions_);
  std::vector<index::Op> ops{guard_.audit_op(who, Action::find, object)};
  // There is one way to suspend; it is meant for whatever subscription to new items there is.
  ops.emplace_back(index::RemoveSubscription{index::SopInstanceUid(target), aet});
  if (target == kAllItems) {
    ops.emplace_back(
        index::RemoveSubscription{index::SopInstanceUid(std::string(kFilteredItems)), aet});
  }
  MEDARC_ASSIGN(const auto done, index_.commit({}, {now(), std::move(ops)}));
  return Reply();
}

}  // namespace medarc::dicom::worklist

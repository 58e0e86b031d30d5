// Work items and subscriptions. An item changes from the version its writer knew; its end takes the
// subscriptions to it along and leaves a tombstone, so that its UID is never given out again.
#include "index/apply.h"

namespace medarc::index {
namespace {

constexpr size_t kAll = SIZE_MAX;

std::vector<Bytes> keys_of(const WorkItemRow& row) {
  Subject s{Kind::work_item};
  s.work_item = &row;
  return field_keys(s);
}

}  // namespace

Result<OpOutcome> Group::run(PutWorkItem& op) {
  const Bytes id = work_item_id(op.item.uid), row_key = key::row(Kind::work_item, id);
  MEDARC_ASSIGN(const auto there, read(row_key, decode_work_item));
  if (op.expect_version == 0) {
    MEDARC_ASSIGN(const auto removed, batch_.get(Table::rows, key::removed_work_item(id)));
    if (there || removed) return OpOutcome{State::conflict, there ? there->version : 0, {}};
  } else if (!there) {
    return OpOutcome{State::not_found, 0, {}};
  } else if (there->version != op.expect_version) {
    return OpOutcome{State::precondition_failed, there->version, {}};
  }
  op.item.version = op.expect_version + 1;
  op.item.created = there ? there->created : time_;
  op.item.changed = time_;
  replace_keys(there ? keys_of(*there) : std::vector<Bytes>(), keys_of(op.item));
  batch_.put(Table::rows, row_key, encode(op.item));
  return OpOutcome{State::done, op.item.version, {}};
}

Result<OpOutcome> Group::run(RemoveWorkItem& op) {
  const Bytes id = work_item_id(op.uid), row_key = key::row(Kind::work_item, id);
  MEDARC_ASSIGN(const auto there, read(row_key, decode_work_item));
  if (!there) return OpOutcome{State::not_found, 0, {}};
  if (there->version != op.expect_version) {
    return OpOutcome{State::precondition_failed, there->version, {}};
  }
  replace_keys(keys_of(*there), {});
  batch_.remove(Table::rows, row_key);
  const Bytes listeners = key::row(Kind::subscription, below(id));
  MEDARC_ASSIGN(const auto subscriptions, batch_.keys(Table::rows, listeners, kAll));
  for (const Bytes& k : subscriptions) {
    batch_.remove(Table::rows, k);
    batch_.remove(Table::rows, key::subscriber(k.substr(listeners.size()), id));
  }
  batch_.put(Table::rows, key::removed_work_item(id), encode(Tombstone{time_, 0, ""}));
  return OpOutcome{State::done, there->version, {}};
}

Result<OpOutcome> Group::run(PutSubscription& op) {
  if (op.with_item && changed_nothing_) return OpOutcome{State::duplicate, 0, {}};
  SubscriptionRow& row = op.subscription;
  if (row.scope == SubscriptionRow::Scope::item) {
    const Bytes item = key::row(Kind::work_item, work_item_id(row.target));
    MEDARC_ASSIGN(const auto there, batch_.get(Table::rows, item));
    if (!there) return OpOutcome{State::not_found, 0, {}};
  }
  row.since = time_;
  batch_.put(Table::rows, key::row(Kind::subscription, subscription_id(row.target, row.aet)),
             encode(row));
  batch_.put(Table::rows, key::subscriber(row.aet, row.target.value), {});
  return OpOutcome{State::done, 0, {}};
}

Result<OpOutcome> Group::run(RemoveSubscription& op) {
  const Bytes row_key = key::row(Kind::subscription, subscription_id(op.target, op.aet));
  MEDARC_ASSIGN(const auto there, batch_.get(Table::rows, row_key));
  if (!there) return OpOutcome{State::not_found, 0, {}};
  batch_.remove(Table::rows, row_key);
  batch_.remove(Table::rows, key::subscriber(op.aet, op.target.value));
  return OpOutcome{State::done, 0, {}};
}

}  // namespace medarc::index

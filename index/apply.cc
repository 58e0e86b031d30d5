#include "index/apply.h"

#include <algorithm>

#include "index/strict.h"

namespace medarc::index {

Bytes encode(const Counts& c) {
  Encoder out;
  for (uint64_t n : {c.patients, c.studies, c.series, c.instances, c.files, c.audit_entries}) {
    out.varint(n);
  }
  return out.take();
}

Result<Counts> decode_counts(ByteView value) {
  Decoder in(value);
  StrictDecoder strict(in);
  Counts c;
  for (uint64_t* n :
       {&c.patients, &c.studies, &c.series, &c.instances, &c.files, &c.audit_entries}) {
    *n = strict.varint();
  }
  if (!in.at_end()) return make_error(Code::corrupt, "index counts cannot be decoded");
  return c;
}

Status Group::load() {
  MEDARC_ASSIGN(std::optional<Bytes> counts, batch_.get(Table::meta, key::kCounts));
  if (counts) {
    MEDARC_ASSIGN(counts_, decode_counts(*counts));
  }
  MEDARC_ASSIGN(std::optional<Bytes> head, batch_.get(Table::meta, key::kAuditHead));
  audit_head_ = head.value_or(Bytes());
  return {};
}

Result<std::vector<OpOutcome>> Group::apply(const archive::Application& application) {
  number_ = application.number;
  events_ = 0;
  changed_nothing_ = false;
  MEDARC_TRY(place(application));
  std::vector<OpOutcome> outcomes;
  if (application.payload.empty()) return outcomes;
  MEDARC_ASSIGN(Facts facts, decode_facts(application.payload));
  time_ = facts.time;
  outcomes.reserve(facts.ops.size());
  for (Op& op : facts.ops) {
    MEDARC_ASSIGN(OpOutcome outcome, std::visit([&](auto& o) { return run(o); }, op));
    if (std::holds_alternative<StoreInstance>(op) || std::holds_alternative<PutWorkItem>(op)) {
      changed_nothing_ = outcome.state != State::done && outcome.state != State::new_version;
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

void Group::finish(archive::CommitNumber last) {
  batch_.put(Table::meta, Bytes(key::kCounts), encode(counts_));
  if (!audit_head_.empty()) batch_.put(Table::meta, Bytes(key::kAuditHead), audit_head_);
  Bytes applied;
  key::append_be64(applied, last.value);
  batch_.put(Table::meta, Bytes(key::kApplied), std::move(applied));
}

void Group::replace_keys(const std::vector<Bytes>& before, const std::vector<Bytes>& after) {
  for (const Bytes& k : before) {
    if (!std::binary_search(after.begin(), after.end(), k)) batch_.remove(Table::fields, k);
  }
  for (const Bytes& k : after) {
    if (!std::binary_search(before.begin(), before.end(), k)) batch_.put(Table::fields, k, {});
  }
}

void Group::record(Kind kind, ByteView id, State state) {
  Bytes value;
  value += static_cast<char>(kind);
  value += static_cast<char>(state);
  value += id;
  batch_.put(Table::events, key::event(number_, events_++), std::move(value));
}

}  // namespace medarc::index

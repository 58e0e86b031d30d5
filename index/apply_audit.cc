// Audit entries in a chain: each carries the SHA-256 over the hash before it and its own bytes, so
// that changing, removing or reordering one shows from there on.
#include "archive/hash.h"
#include "index/apply.h"
#include "index/audit_chain.h"

namespace medarc::index {

Digest chain_audit(ByteView hash_before, ByteView entry) {
  archive::Sha256 hash;
  static const Bytes kNone(sizeof(Digest::value), '\0');
  hash.update(hash_before.empty() ? ByteView(kNone) : hash_before);
  hash.update(entry);
  return hash.finish();
}

Result<OpOutcome> Group::run(RecordAudit& op) {
  const Bytes entry = encode(op.entry);
  audit_head_ = Bytes(chain_audit(audit_head_, entry).view());
  Bytes sequence;
  key::append_be64(sequence, ++counts_.audit_entries);
  batch_.put(Table::audit, std::move(sequence), audit_head_ + entry);
  OpOutcome outcome{State::done, counts_.audit_entries, {}};
  if (const auto note = read_note(op.entry)) {
    MEDARC_ASSIGN(outcome.state, take_note(*note, op.entry.principal));
  }
  if (const auto change = read_setting(op.entry)) take_setting(*change);
  return outcome;
}

}  // namespace medarc::index

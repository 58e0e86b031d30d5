// Notes on studies, from the audit entries that are such.
#include <algorithm>

#include "index/apply.h"

namespace medarc::index {
namespace {

// Puts the entry in place of the peer's last one, at the end.
template <class Entry>
void put_last(std::vector<Entry>& entries, Entry entry) {
  std::erase_if(entries, [&](const Entry& e) { return e.name == entry.name; });
  if (entries.size() == kNotedPeersMax) entries.erase(entries.begin());
  entries.push_back(std::move(entry));
}

}  // namespace

Result<State> Group::take_note(const StudyNote& note, const std::string& name) {
  const Bytes id = study_id(note.study), notes_key = key::study_notes(id);
  const std::vector<uint64_t>& n = note.numbers;
  if (note.kind == StudyNote::Kind::stable) {
    MEDARC_ASSIGN(const auto before, batch_.get(Table::meta, key::kStableThrough));
    Bytes through;
    key::append_be64(through, n[1]);
    if (!before || *before < through) {
      batch_.put(Table::meta, Bytes(key::kStableThrough), std::move(through));
    }
  }
  MEDARC_ASSIGN(const auto study, read(key::row(Kind::study, id), decode_study));
  if (!study) return State::not_found;
  MEDARC_ASSIGN(auto held, read(notes_key, decode_study_notes));
  StudyNotes notes = held ? std::move(*held) : StudyNotes();
  switch (note.kind) {
    case StudyNote::Kind::association:
      put_last(notes.senders, {name, n[0] != 0, n[1], time_});
      break;
    case StudyNote::Kind::commitment:
      put_last(notes.commitments, {name, n[0], n[1], n[2], time_});
      break;
    case StudyNote::Kind::stable:
      if (study->changed.us != static_cast<int64_t>(n[0])) return State::precondition_failed;
      if (notes.stable_change == study->changed) return State::duplicate;
      notes.stable_change = study->changed;
      notes.stable_since = time_;
      record(Kind::study, id, State::done);
      break;
  }
  batch_.put(Table::rows, notes_key, encode(notes));
  return State::done;
}

}  // namespace medarc::index

#include "index/study_notes.h"

#include <charconv>

#include "index/row_codec.h"
#include "index/row_reader.h"

namespace medarc::index {
namespace {

constexpr char kStudyNotesRow = 0x1A;
constexpr std::string_view kObjectPrefix = "study/";

// How each kind is written: the action of the audit entry, and the numbers in its detail.
struct Form {
  StudyNote::Kind kind;
  std::string_view action;
  std::vector<std::string_view> numbers;
};
const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {StudyNote::Kind::association, "association", {"released", "instances"}},
      {StudyNote::Kind::commitment, "commitment", {"committed", "failed", "missing"}},
      {StudyNote::Kind::stable, "stable", {"changed", "through"}},
  };
  return all;
}

RecordAudit make_note(StudyNote::Kind kind, const StudyUid& study, std::string name,
                      const std::vector<uint64_t>& numbers) {
  const Form& form = forms()[static_cast<size_t>(kind)];
  AuditEntry entry;
  entry.time = now();
  entry.principal = std::move(name);
  entry.door = "server";
  entry.action = form.action;
  entry.object = std::string(kObjectPrefix) + study.value;
  for (size_t i = 0; i < numbers.size(); ++i) {
    entry.detail +=
        (i == 0 ? "" : " ") + std::string(form.numbers[i]) + "=" + std::to_string(numbers[i]);
  }
  return {std::move(entry)};
}

// "name=123" off the front of `text`, and the blank behind it.
std::optional<uint64_t> take_number(std::string_view& text, std::string_view name) {
  if (!text.starts_with(name) || text.substr(name.size()).substr(0, 1) != "=") return std::nullopt;
  text.remove_prefix(name.size() + 1);
  uint64_t out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return out;
}

}  // namespace

namespace key {
Bytes study_notes(ByteView study_id) {
  Bytes out(1, kStudyNotesRow);
  out += study_id;
  return out;
}
}  // namespace key

Result<StudyNotes> study_notes(View& view, const StudyUid& study) {
  MEDARC_ASSIGN(RowReader* const rows, rows_of(view));
  MEDARC_ASSIGN(const auto value, rows->value(Table::rows, key::study_notes(study_id(study))));
  return value ? decode_study_notes(*value) : Result<StudyNotes>(StudyNotes());
}

Result<archive::CommitNumber> stable_through(View& view) {
  MEDARC_ASSIGN(RowReader* const rows, rows_of(view));
  MEDARC_ASSIGN(const auto value, rows->value(Table::meta, key::kStableThrough));
  if (!value) return archive::CommitNumber{0};
  if (value->size() != sizeof(uint64_t)) {
    return make_error(Code::corrupt, "the commit of stable studies cannot be read");
  }
  return archive::CommitNumber{key::read_be64(*value)};
}

RecordAudit note_association(const StudyUid& study, std::string name, bool released,
                             uint64_t instances) {
  return make_note(StudyNote::Kind::association, study, std::move(name),
                   {released ? 1u : 0u, instances});
}

RecordAudit note_commitment(const StudyUid& study, std::string name, uint64_t committed,
                            uint64_t failed, uint64_t missing) {
  return make_note(StudyNote::Kind::commitment, study, std::move(name),
                   {committed, failed, missing});
}

RecordAudit announce_stable(const StudyUid& study, Timestamp changed,
                            archive::CommitNumber through) {
  return make_note(StudyNote::Kind::stable, study, "server",
                   {static_cast<uint64_t>(changed.us), through.value});
}

std::optional<StudyNote> read_note(const AuditEntry& entry) {
  if (!entry.object.starts_with(kObjectPrefix) || entry.door != "server") return std::nullopt;
  for (const Form& form : forms()) {
    if (entry.action != form.action) continue;
    StudyNote out;
    out.kind = form.kind;
    out.study.value = entry.object.substr(kObjectPrefix.size());
    std::string_view rest = entry.detail;
    for (const std::string_view name : form.numbers) {
      const auto number = take_number(rest, name);
      if (!number) return std::nullopt;
      out.numbers.push_back(*number);
    }
    if (!rest.empty() || out.study.value.empty()) return std::nullopt;
    return out;
  }
  return std::nullopt;
}

Bytes encode(const StudyNotes& r) {
  Encoder out = start_row();
  out.varint(r.senders.size());
  for (const StudyNotes::Sender& s : r.senders) {
    out.bytes(s.name);
    put_flag(out, s.released);
    out.varint(s.instances);
    out.zigzag(s.ended.us);
  }
  out.varint(r.commitments.size());
  for (const StudyNotes::Commitment& c : r.commitments) {
    out.bytes(c.name);
    out.varint(c.committed);
    out.varint(c.failed);
    out.varint(c.missing);
    out.zigzag(c.time.us);
  }
  put_flag(out, r.stable_change.has_value());
  if (r.stable_change) {
    out.zigzag(r.stable_change->us);
    out.zigzag(r.stable_since.us);
  }
  return out.take();
}

Result<StudyNotes> decode_study_notes(ByteView value) {
  return decode_row<StudyNotes>(value, "study notes",
                                [](StudyNotes& r, Decoder&, StrictDecoder& s) {
                                  for (uint64_t n = s.count(4); n > 0 && s.ok(); --n) {
                                    StudyNotes::Sender& sender = r.senders.emplace_back();
                                    sender.name = s.text();
                                    sender.released = s.flag();
                                    sender.instances = s.varint();
                                    sender.ended.us = s.zigzag();
                                  }
                                  for (uint64_t n = s.count(5); n > 0 && s.ok(); --n) {
                                    StudyNotes::Commitment& c = r.commitments.emplace_back();
                                    c.name = s.text();
                                    c.committed = s.varint();
                                    c.failed = s.varint();
                                    c.missing = s.varint();
                                    c.time.us = s.zigzag();
                                  }
                                  if (s.flag()) {
                                    r.stable_change = Timestamp{s.zigzag()};
                                    r.stable_since.us = s.zigzag();
                                  }
                                });
}

}  // namespace medarc::index

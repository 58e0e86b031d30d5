#include "index/runner.h"

#include <algorithm>

namespace medarc::index {
namespace {

constexpr size_t kReceivedBytes = 8;

std::optional<Term> series_term(const Query& q) {
  if (!q.series || (q.kind == Kind::instance && q.study)) return std::nullopt;
  return Term{kSeriesUid, TermOp::equal, {q.series->value}};
}

Query effective(Query q) {
  if (auto term = series_term(q)) q.all_of_any.push_back({*term});
  return q;
}

Bytes parent_prefix(const Query& q) {
  if (!q.study || q.kind == Kind::study) return {};
  if (q.kind == Kind::instance && q.series) return below(series_id(*q.study, *q.series));
  return below(study_id(*q.study));
}

// The row id at the end of a suffix.
ByteView id_of(const Driver& d, ByteView suffix) {
  if (d.type == Driver::Type::received) return suffix.substr(kReceivedBytes);
  for (size_t i = 0; i < d.texts; ++i) key::take_text(suffix);
  return suffix;
}

}  // namespace

Runner::Runner(Reader& reader, const Query& query)
    : reader_(reader),
      original_(query),
      query_(effective(query)),
      predicate_(query_),
      drivers_(candidates(query_, predicate_)),
      parent_prefix_(parent_prefix(query_)) {}

Status Runner::examine() {
  if (++examined_ > query_.rows_examined_max) return too_many_examined();
  return {};
}

Status Runner::load_parents(ByteView id) {
  if (query_.kind != Kind::series && query_.kind != Kind::instance) return {};
  const size_t study_end = id.find('\0');
  const ByteView study = id.substr(0, study_end);
  if (!study_ || study != study_id_) {
    study_.reset();
    MEDARC_ASSIGN(auto value, reader_.get(Table::rows, key::row(Kind::study, study)));
    if (!value) return make_error(Code::corrupt, "a series without its study; rebuild the index");
    MEDARC_ASSIGN(study_, decode_study(*value));
    study_id_ = study;
  }
  if (query_.kind != Kind::instance) return {};
  const ByteView series = id.substr(0, id.find('\0', study_end + 1));
  if (!series_ || series != series_id_) {
    series_.reset();
    MEDARC_ASSIGN(auto value, reader_.get(Table::rows, key::row(Kind::series, series)));
    if (!value)
      return make_error(Code::corrupt, "an instance without its series; rebuild the index");
    MEDARC_ASSIGN(series_, decode_series(*value));
    series_id_ = series;
  }
  return {};
}

Result<bool> Runner::row_matches(ByteView id, ByteView value) {
  if (!id.starts_with(parent_prefix_)) return false;
  if (query_.kind == Kind::study && query_.study && id != query_.study->value) return false;
  MEDARC_TRY(load_parents(id));
  Subject s{query_.kind};
  switch (query_.kind) {
    case Kind::patient: {
      MEDARC_ASSIGN(patient_, decode_patient(value));
      if (patient_->removed) return false;
      s.patient = &*patient_;
      break;
    }
    case Kind::study: {
      MEDARC_ASSIGN(study_, decode_study(value));
      s.study = &*study_;
      break;
    }
    case Kind::series: {
      MEDARC_ASSIGN(series_, decode_series(value));
      s.study = &*study_;
      s.series = &*series_;
      break;
    }
    case Kind::instance: {
      MEDARC_ASSIGN(instance_, decode_instance(value));
      s.study = &*study_;
      s.series = &*series_;
      s.instance = &*instance_;
      break;
    }
    case Kind::file: {
      MEDARC_ASSIGN(file_, decode_file(value));
      s.file = &*file_;
      break;
    }
    case Kind::work_item: {
      MEDARC_ASSIGN(work_item_, decode_work_item(value));
      s.work_item = &*work_item_;
      break;
    }
    case Kind::audit:
    case Kind::subscription:
    case Kind::job: return make_error(Code::unsupported, "this kind of row is not searched");
  }
  return predicate_.matches(s);
}

Bytes Runner::order_key(ByteView id) const {
  Bytes out;
  if (order_prefix_bytes() > 0) {
    Timestamp received;
    if (query_.kind == Kind::study) received = study_->received;
    if (query_.kind == Kind::series) received = series_->received;
    if (query_.kind == Kind::instance) received = instance_->received;
    if (query_.kind == Kind::file) received = file_->received;
    if (query_.kind == Kind::work_item) received = work_item_->created;
    key::append_be64(out, ~static_cast<uint64_t>(received.us));
  }
  out += id;
  return out;
}

size_t Runner::order_prefix_bytes() const {
  return query_.order == Order::newest_first && query_.kind != Kind::patient ? kReceivedBytes : 0;
}

bool Runner::ordered(const Driver& d) const {
  switch (query_.order) {
    case Order::any: return true;
    case Order::newest_first:
      if (query_.kind != Kind::patient) return d.type == Driver::Type::received;
      [[fallthrough]];
    case Order::by_id: return d.type != Driver::Type::received && d.texts == 0;
  }
  return false;
}

Status Runner::run(const Driver& d, const std::optional<Position>& after, const Visit& visit) {
  return d.type == Driver::Type::base ? run_base(d, after, visit) : run_keys(d, after, visit);
}

Status Runner::run_base(const Driver& d, const std::optional<Position>& after, const Visit& visit) {
  const Stream& s = d.streams.front();
  auto scan = reader_.range(Table::rows, s.low, s.high);
  if (after) {
    const Bytes last = s.prefix + after->suffix;
    scan->seek(last);
    if (scan->valid() && scan->key() == last) scan->next();
  }
  for (; scan->valid(); scan->next()) {
    MEDARC_TRY(examine());
    Found found{{Bytes(scan->key().substr(s.prefix.size())), {}},
                Bytes(scan->key().substr(1)),
                scan->value()};
    MEDARC_ASSIGN(bool more, visit(found));
    if (!more) return {};
  }
  return scan->status();
}

bool Runner::key_may_match(const Driver& d, ByteView suffix) const {
  if (d.term == nullptr) return true;
  const std::optional<Bytes> form = key::take_text(suffix);
  if (!form || form->size() >= kFieldValueBytesMax) return true;
  return d.term->matches_form(d.field->vr, *form);
}

Result<bool> Runner::first_key(const Driver& d, ByteView suffix, ByteView value) {
  Subject s{d.level};
  std::optional<StudyRow> study;
  std::optional<PatientRow> patient;
  std::optional<FileRow> file;
  std::optional<WorkItemRow> work_item;
  if (d.level == Kind::study) {
    MEDARC_ASSIGN(study, decode_study(value));
    s.study = &*study;
  } else if (d.level == Kind::patient) {
    MEDARC_ASSIGN(patient, decode_patient(value));
    s.patient = &*patient;
  } else if (d.level == Kind::work_item) {
    MEDARC_ASSIGN(work_item, decode_work_item(value));
    s.work_item = &*work_item;
  } else {
    MEDARC_ASSIGN(file, decode_file(value));
    s.file = &*file;
  }
  const Stream& stream = d.streams.front();
  for (const Bytes& k : field_keys(s)) {  // in order
    if (k < stream.low || (!stream.high.empty() && k >= stream.high)) continue;
    const ByteView other = ByteView(k).substr(stream.prefix.size());
    if (key_may_match(d, other)) return other == suffix;
  }
  return false;
}

Result<bool> Runner::expand(ByteView suffix, ByteView parent, ByteView after_child,
                            const Visit& visit) {
  const Bytes prefix = key::row(query_.kind, below(parent));
  if (!children_) {
    const Bytes kind = key::row(query_.kind, "");
    children_ = reader_.range(Table::rows, kind, key::after_prefix(kind));
  }
  Scan& scan = *children_;
  const Bytes first = after_child.empty() ? prefix : key::row(query_.kind, after_child);
  scan.seek(first);
  if (scan.valid() && !after_child.empty() && scan.key() == first) scan.next();
  for (; scan.valid() && scan.key().starts_with(prefix); scan.next()) {
    MEDARC_TRY(examine());
    Bytes id(scan.key().substr(1));
    Found found{{Bytes(suffix), id}, id, scan.value()};
    MEDARC_ASSIGN(bool more, visit(found));
    if (!more) return false;
  }
  MEDARC_TRY(scan.status());
  return true;
}

Status Runner::run_keys(const Driver& d, const std::optional<Position>& after, const Visit& visit) {
  MEDARC_ASSIGN(auto source, open_source(d, reader_, after ? ByteView(after->suffix) : ByteView(),
                                         examined_, query_.rows_examined_max));
  for (;;) {
    MEDARC_ASSIGN(std::optional<ByteView> suffix, source->next());
    if (!suffix) return {};
    const bool resumed = after && *suffix == after->suffix;
    if (resumed && after->child.empty()) continue;
    if (!key_may_match(d, *suffix)) continue;
    const ByteView id = id_of(d, *suffix);
    const bool several_keys = d.term != nullptr && !is_vr(d.field->vr, "DA");
    std::optional<Bytes> value;
    if (d.level == query_.kind || several_keys) {
      MEDARC_TRY(examine());
      MEDARC_ASSIGN(value, reader_.get(Table::rows, key::row(d.level, id)));
      if (!value) continue;  // a UID asked for that is not here
    }
    if (several_keys) {
      MEDARC_ASSIGN(bool shows, first_key(d, *suffix, *value));
      if (!shows) continue;
    }
    if (d.level != query_.kind) {
      MEDARC_ASSIGN(bool more,
                    expand(*suffix, id, resumed ? ByteView(after->child) : ByteView(), visit));
      if (!more) return {};
      continue;
    }
    Found found{{Bytes(*suffix), {}}, Bytes(id), *value};
    MEDARC_ASSIGN(bool more, visit(found));
    if (!more) return {};
  }
}

}  // namespace medarc::index

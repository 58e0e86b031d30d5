#include "index/view.h"

#include <algorithm>

#include "index/audit_chain.h"
#include "index/lookups.h"
#include "index/metadata_form.h"
#include "index/row_reader.h"
#include "index/runner.h"

namespace medarc::index {
namespace {

constexpr size_t kHashBytes = sizeof(Digest::value);

Error bad_row(std::string_view what) {
  return make_error(Code::corrupt,
                    "an " + std::string(what) + " cannot be decoded; rebuild the index");
}

class ReaderView final : public View, public RowReader {
 public:
  ReaderView(std::unique_ptr<Reader> reader, std::shared_ptr<void> engine)
      : engine_(std::move(engine)), reader_(std::move(reader)) {}

  Result<std::optional<PatientRow>> patient(const PatientKey& key) override {
    return read(key::row(Kind::patient, key.value), decode_patient);
  }
  Result<std::optional<PatientRow>> patient(const Identifier& identifier) override {
    MEDARC_ASSIGN(auto key, reader_->get(Table::rows, key::identifier(identifier)));
    if (!key) return std::optional<PatientRow>();
    return patient(PatientKey(std::move(*key)));
  }
  Result<std::optional<StudyRow>> study(const StudyUid& uid) override {
    return read(key::row(Kind::study, study_id(uid)), decode_study);
  }
  Result<std::optional<SeriesRow>> series(const StudyUid& study, const SeriesUid& uid) override {
    return read(key::row(Kind::series, series_id(study, uid)), decode_series);
  }
  Result<std::optional<InstanceRow>> instance(const StudyUid& study, const SeriesUid& series,
                                              const SopInstanceUid& uid,
                                              std::optional<uint32_t> version) override {
    const Bytes id = instance_id(study, series, uid);
    MEDARC_ASSIGN(auto latest, read(key::row(Kind::instance, id), decode_instance));
    if (!version || !latest || latest->version == *version) return latest;
    return read(key::version(id, *version), decode_instance);
  }
  Result<std::optional<Tombstone>> tombstone(
      const StudyUid& study, const std::optional<SeriesUid>& series,
      const std::optional<SopInstanceUid>& instance) override {
    std::vector<Bytes> ids;
    if (series && instance) ids.push_back(instance_id(study, *series, *instance));
    if (series) ids.push_back(series_id(study, *series));
    ids.push_back(study_id(study));
    for (const Bytes& id : ids) {
      MEDARC_ASSIGN(auto found, read(key::tombstone(id), decode_tombstone));
      if (found) return found;
    }
    return std::optional<Tombstone>();
  }
  Result<std::optional<FileRow>> file(const FileId& id) override {
    return read(key::row(Kind::file, id.value), decode_file);
  }

  Result<Page> query(const Query& q) override { return Runner(*reader_, q).page(); }
  Result<Count> count(const Query& q, uint64_t stop_after) override {
    return Runner(*reader_, q).count(stop_after);
  }

  Status metadata(const StudyUid& study, const SeriesUid& series,
                  const std::optional<SopInstanceUid>& instance,
                  const std::function<bool(const SopInstanceUid&, ByteView)>& visit) override {
    if (instance) {
      MEDARC_ASSIGN(auto value,
                    reader_->get(Table::metadata, instance_id(study, series, *instance)));
      if (value) visit(*instance, metadata_frame(*value));
      return {};
    }
    const Bytes prefix = below(series_id(study, series));
    return reader_->scan(Table::metadata, prefix, [&](ByteView k, ByteView value) {
      return visit(SopInstanceUid(std::string(k.substr(prefix.size()))), metadata_frame(value));
    });
  }

  Result<std::vector<Event>> feed(archive::CommitNumber after, uint32_t limit) override {
    std::vector<Event> out;
    if (after.value == UINT64_MAX) return out;
    auto rows = reader_->range(Table::events, key::event({after.value + 1}, 0), {});
    for (; rows->valid(); rows->next()) {
      if (rows->key().size() != 12 || rows->value().size() < 2) return bad_row("event");
      const archive::CommitNumber number{key::read_be64(rows->key())};
      if (out.size() >= limit && !out.empty() && out.back().number != number) break;
      out.push_back({number, static_cast<Kind>(rows->value()[0]), Bytes(rows->value().substr(2)),
                     static_cast<State>(rows->value()[1])});
    }
    MEDARC_TRY(rows->status());
    return out;
  }

  Result<archive::CommitNumber> last_commit() override {
    MEDARC_ASSIGN(const auto value, reader_->get(Table::meta, key::kApplied));
    if (!value) return archive::CommitNumber{0};
    if (value->size() != sizeof(uint64_t)) return bad_row("applied commit");
    return archive::CommitNumber{key::read_be64(*value)};
  }
  Result<std::optional<archive::CommitNumber>> lookup_through(std::string_view name) override {
    return index::lookup_through(*reader_, name);
  }
  Result<bool> look_up(std::string_view name, const Term& term, const Vr& vr,
                       const std::function<bool(ByteView)>& visit) override {
    return index::look_up(*reader_, name, term, vr, visit);
  }

  Result<std::optional<JobRow>> job(std::string_view queue, std::string_view name) override {
    return read(key::row(Kind::job, job_id(queue, name)), decode_job);
  }

  Result<std::vector<JobRow>> jobs(std::string_view queue, ByteView after,
                                   uint32_t limit) override {
    const Bytes prefix = key::row(Kind::job, queue.empty() ? Bytes() : below(queue));
    Bytes low = prefix;
    if (!after.empty()) low = std::max(low, key::row(Kind::job, after) + '\0');
    std::vector<JobRow> out;
    auto rows = reader_->range(Table::rows, low, key::after_prefix(prefix));
    for (; rows->valid() && out.size() < limit; rows->next()) {
      MEDARC_ASSIGN(JobRow job, decode_job(rows->value()));
      out.push_back(std::move(job));
    }
    MEDARC_TRY(rows->status());
    return out;
  }

  Result<std::optional<WorkItemRow>> work_item(const SopInstanceUid& uid) override {
    return read(key::row(Kind::work_item, work_item_id(uid)), decode_work_item);
  }

  Result<std::optional<Tombstone>> removed_work_item(const SopInstanceUid& uid) override {
    return read(key::removed_work_item(work_item_id(uid)), decode_tombstone);
  }

  Result<std::optional<SubscriptionRow>> subscription(const SopInstanceUid& target,
                                                      std::string_view aet) override {
    return read(key::row(Kind::subscription, subscription_id(target, aet)), decode_subscription);
  }

  Result<std::vector<SubscriptionRow>> subscriptions(const SopInstanceUid& target) override {
    std::vector<SubscriptionRow> out;
    const Bytes prefix = key::row(Kind::subscription, below(work_item_id(target)));
    auto rows = reader_->range(Table::rows, prefix, key::after_prefix(prefix));
    for (; rows->valid(); rows->next()) {
      MEDARC_ASSIGN(SubscriptionRow row, decode_subscription(rows->value()));
      out.push_back(std::move(row));
    }
    MEDARC_TRY(rows->status());
    return out;
  }

  Result<std::vector<SopInstanceUid>> subscribed_by(std::string_view aet) override {
    std::vector<SopInstanceUid> out;
    const Bytes prefix = key::subscribers(aet);
    MEDARC_TRY(reader_->scan(Table::rows, prefix, [&](ByteView k, ByteView) {
      out.emplace_back(std::string(k.substr(prefix.size())));
      return true;
    }));
    return out;
  }

  Result<std::vector<std::string>> subscribers() override {
    std::vector<std::string> out;
    Bytes low = key::subscribers("");
    const Bytes end = key::after_prefix(low);
    auto rows = reader_->range(Table::rows, low, end);
    for (; rows->valid(); rows->seek(low)) {
      const ByteView rest = rows->key().substr(1);
      out.emplace_back(rest.substr(0, rest.find('\0')));
      low = key::after_prefix(key::subscribers(out.back()));
    }
    MEDARC_TRY(rows->status());
    return out;
  }

  Result<std::optional<Bytes>> value(Table table, ByteView row_key) override {
    return reader_->get(table, row_key);
  }
  Status values(Table table, ByteView prefix,
                const std::function<bool(ByteView, ByteView)>& visit) override {
    return reader_->scan(table, prefix, visit);
  }

  Result<std::vector<AuditEntry>> audit(uint64_t after_sequence, uint32_t limit) override {
    std::vector<AuditEntry> out;
    if (after_sequence == UINT64_MAX) return out;
    Bytes from;
    key::append_be64(from, after_sequence + 1);
    auto rows = reader_->range(Table::audit, from, {});
    for (; rows->valid() && out.size() < limit; rows->next()) {
      if (rows->value().size() < kHashBytes) return bad_row("audit entry");
      MEDARC_ASSIGN(AuditEntry entry, decode_audit(rows->value().substr(kHashBytes)));
      out.push_back(std::move(entry));
    }
    MEDARC_TRY(rows->status());
    return out;
  }

  Result<AuditCheck> check_audit() override {
    AuditCheck check;
    Bytes hash;
    auto rows = reader_->range(Table::audit, {}, {});
    for (; rows->valid(); rows->next()) {
      ++check.entries;
      const ByteView value = rows->value();
      const bool in_place = rows->key().size() == 8 && key::read_be64(rows->key()) == check.entries;
      const bool follows =
          in_place && value.size() >= kHashBytes &&
          chain_audit(hash, value.substr(kHashBytes)).view() == value.substr(0, kHashBytes);
      if (!follows) {
        check.first_wrong = check.entries;
        return check;
      }
      hash = value.substr(0, kHashBytes);
    }
    MEDARC_TRY(rows->status());
    check.head = Digest::from_view(hash);
    MEDARC_ASSIGN(auto head, reader_->get(Table::meta, key::kAuditHead));
    if (head.value_or(Bytes()) != hash)
      check.first_wrong = check.entries + 1;  // cut off at the end
    return check;
  }

 private:
  template <class Row>
  Result<std::optional<Row>> read(const Bytes& row_key, Result<Row> (*decode)(ByteView)) {
    MEDARC_ASSIGN(std::optional<Bytes> value, reader_->get(Table::rows, row_key));
    if (!value) return std::optional<Row>();
    MEDARC_ASSIGN(Row row, decode(*value));
    return std::optional<Row>(std::move(row));
  }

  const std::shared_ptr<void> engine_;  // outlives the reader
  const std::unique_ptr<Reader> reader_;
};

}  // namespace

Result<RowReader*> rows_of(View& view) {
  auto* const rows = dynamic_cast<RowReader*>(&view);
  if (rows == nullptr) return make_error(Code::internal, "a view without rows");
  return rows;
}

std::unique_ptr<View> make_view(std::unique_ptr<Reader> reader, std::shared_ptr<void> engine) {
  return std::make_unique<ReaderView>(std::move(reader), std::move(engine));
}

}  // namespace medarc::index

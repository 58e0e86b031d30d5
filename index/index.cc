#include "index/index.h"

#include "base/log.h"
#include "index/apply.h"
#include "index/lookups.h"
#include "index/rocks_catalog.h"
#include "index/view.h"

namespace medarc::index {
namespace {

class EmbeddedIndex final : public Index {
 public:
  EmbeddedIndex(std::shared_ptr<RocksDb> db, std::unique_ptr<RocksCatalog> catalog,
                std::unique_ptr<archive::BlobStore> store)
      : db_(std::move(db)),
        catalog_(std::move(catalog)),
        store_(std::move(store)),
        lookups_(make_lookups(db_)) {}

  Result<CommitResult> commit(std::vector<archive::StagedBlob> blobs, Facts facts) override {
    MEDARC_TRY(check_facts(facts, blobs));
    const size_t ops = facts.ops.size();
    MEDARC_ASSIGN(archive::CommitNumber number, store_->commit({std::move(blobs), encode(facts)}));
    CommitResult result{number, {}};
    if (ops == 0) return result;
    auto outcomes = catalog_->take_outcomes(number);
    if (!outcomes || outcomes->size() != ops) {
      return make_error(Code::internal, "a commit was applied without an outcome");
    }
    result.outcomes = std::move(*outcomes);
    return result;
  }

  std::unique_ptr<View> view() override { return make_view(db_->snapshot(), db_); }
  archive::BlobStore& blobs() override { return *store_; }
  Lookups& lookups() override { return *lookups_; }

  Result<IndexStats> stats() override {
    MEDARC_ASSIGN(std::optional<Bytes> value, db_->get(Table::meta, key::kCounts));
    Counts c;
    if (value) {
      MEDARC_ASSIGN(c, decode_counts(*value));
    }
    return IndexStats{c.patients, c.studies,       c.series,    c.instances,
                      c.files,    c.audit_entries, db_->bytes()};
  }

  Status for_each_row(const std::function<bool(ByteView, ByteView)>& visit) override {
    std::unique_ptr<Reader> reader = db_->snapshot();
    for (size_t i = 0; i < kTablesCount; ++i) {
      const auto table = static_cast<Table>(i);
      if (table == Table::lookups) continue;
      const Bytes name = Bytes(to_string(table)) + "/";
      bool stopped = false;
      MEDARC_TRY(reader->scan(table, {}, [&](ByteView k, ByteView value) {
        stopped = !visit(name + Bytes(k), value);
        return !stopped;
      }));
      if (stopped) break;
    }
    return {};
  }

  Status flush() override { return catalog_->flush(); }

 private:
  const std::shared_ptr<RocksDb> db_;
  const std::unique_ptr<RocksCatalog> catalog_;
  const std::unique_ptr<archive::BlobStore> store_;  // goes before those
  const std::unique_ptr<Lookups> lookups_;
};

std::string log_dir(const std::string& dir) { return dir + "/log"; }
std::string rows_dir(const std::string& dir) { return dir + "/index"; }

Result<std::vector<std::string>> list_if_there(Fs& fs, const std::string& dir) {
  auto names = fs.list(dir);
  if (names.has_error() && names.error().code == Code::not_found) return std::vector<std::string>();
  return names;
}

// Takes the rows away. CURRENT goes first: without it what is left is no database, so an
// interrupted removal is finished by the next open.
Status remove_rows(Fs& fs, const std::string& dir) {
  MEDARC_ASSIGN(bool current, fs.exists(dir + "/CURRENT"));
  if (current) {
    MEDARC_TRY(fs.remove(dir + "/CURRENT"));
    MEDARC_TRY(fs.sync_dir(dir));
  }
  MEDARC_ASSIGN(std::vector<std::string> names, list_if_there(fs, dir));
  for (const std::string& name : names) MEDARC_TRY(fs.remove(dir + "/" + name));
  return {};
}

Result<std::shared_ptr<RocksDb>> open_rows(Fs& fs, const std::string& dir,
                                           const IndexOptions& options) {
  MEDARC_TRY(fs.make_dirs(dir));
  auto db = RocksDb::open(fs, dir, options);
  const bool older = db.has_error() && db.error().code == Code::not_found;
  const bool damaged = db.has_error() && db.error().code == Code::corrupt;
  if (older || damaged) {  // the log has it all
    log(Level::warn, "index.rebuilding", {{"reason", older ? "older schema" : "damaged"}});
    MEDARC_TRY(remove_rows(fs, dir));
    db = RocksDb::open(fs, dir, options);
  }
  if (db.has_error()) return db.error();
  return std::shared_ptr<RocksDb>(std::move(*db));
}

Result<std::unique_ptr<Index>> open_observed(Fs& fs, const std::string& dir,
                                             const IndexOptions& options,
                                             const archive::KeyRing* keys,
                                             RocksCatalog::Observer observer) {
  MEDARC_TRY(fs.make_dirs(dir));
  MEDARC_ASSIGN(std::shared_ptr<RocksDb> db, open_rows(fs, rows_dir(dir), options));
  auto catalog = std::make_unique<RocksCatalog>(db);
  MEDARC_TRY(catalog->load());
  catalog->observe(std::move(observer));
  auto store = options.file_store
                   ? archive::open_file_store(fs, log_dir(dir), *catalog)
                   : archive::open_segment_store(fs, log_dir(dir), *catalog, options.archive, keys);
  if (store.has_error()) return store.error();
  catalog->observe({});
  catalog->keep_outcomes();
  return std::unique_ptr<Index>(
      std::make_unique<EmbeddedIndex>(std::move(db), std::move(catalog), std::move(*store)));
}

Result<uint64_t> bytes_in(Fs& fs, const std::string& dir) {
  uint64_t total = 0;
  MEDARC_ASSIGN(std::vector<std::string> names, list_if_there(fs, dir));
  for (const std::string& name : names) {
    auto file = fs.open(dir + "/" + name, OpenMode::read);
    if (file.has_error()) continue;  // a directory
    if (auto size = (*file)->size(); size.has_value()) total += *size;
  }
  return total;
}

}  // namespace

IndexOptions IndexOptions::from(Config& config) {
  IndexOptions o;
  o.archive = archive::SegmentOptions::from(config);
  o.cache_bytes =
      config.size("index.cache_bytes", o.cache_bytes,
                  "Memory for blocks of the index that were read.", 1u << 20, uint64_t{1} << 40);
  o.write_buffer_bytes =
      config.size("index.write_buffer_bytes", o.write_buffer_bytes,
                  "Memory for rows not yet written to the index; bounds what a restart replays.",
                  4u << 20, uint64_t{1} << 36);
  o.file_store = config.flag("index.file_store", o.file_store,
                             "One file a blob instead of the segment log. Slower; a fallback.");
  return o;
}

Result<std::unique_ptr<Index>> open_index(Fs& fs, const std::string& dir, IndexOptions options,
                                          const archive::KeyRing* keys) {
  return open_observed(fs, dir, options, keys, {});
}

Status rebuild_index(Fs& fs, const std::string& dir, IndexOptions options,
                     const archive::Progress& progress) {
  MEDARC_ASSIGN(std::vector<std::string> logged, list_if_there(fs, log_dir(dir)));
  if (logged.empty())
    return make_error(Code::not_found, "no archive there: nothing to rebuild from");
  {
    MEDARC_ASSIGN(auto lock, fs.lock(log_dir(dir) + "/lock"));  // somebody serving has it
    MEDARC_TRY(remove_rows(fs, rows_dir(dir)));
  }
  MEDARC_ASSIGN(const uint64_t total, bytes_in(fs, log_dir(dir)));
  uint64_t done = 0;
  auto observer = [&](const archive::Application& a) -> Status {
    for (const archive::NewChunk& c : a.chunks) done += c.location.stored_length;
    done += a.payload.size();
    if (!progress || progress(std::min(done, total), total)) return {};
    return make_error(Code::cancelled, "rebuilding was stopped; the next start goes on with it");
  };
  MEDARC_ASSIGN(auto index, open_observed(fs, dir, options, nullptr, observer));
  MEDARC_TRY(index->flush());
  if (progress) progress(total, total);
  return {};
}

}  // namespace medarc::index

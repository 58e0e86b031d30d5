#include "index/rocks_db.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include "base/log.h"
#include "index/rocks_fs.h"

namespace medarc::index {
namespace {

constexpr size_t kRowBlockBytes = 16u << 10;
constexpr size_t kMetadataBlockBytes = 64u << 10;
constexpr size_t kArenaBlockBytes = 256u << 10;

Error to_error(const rocksdb::Status& s) {
  log(Level::warn, "index.engine", {{"status", s.ToString()}});
  if (s.IsNoSpace()) return make_error(Code::exhausted, "the index's disk is full");
  if (s.IsCorruption()) {
    return make_error(Code::corrupt, "the index is damaged; run medarc rebuild-index");
  }
  if (s.IsIOError()) return make_error(Code::io, "the index could not be read or written");
  if (s.IsShutdownInProgress()) return make_error(Code::unavailable, "the index is closing");
  return make_error(Code::internal, "the index engine refused");
}

Status to_status(const rocksdb::Status& s) {
  if (s.ok()) return {};
  return to_error(s);
}

rocksdb::Slice slice(ByteView v) { return {v.data(), v.size()}; }
ByteView view(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

// Problems only; its texts hold file names and counts, and rarely keys, so they stay out of the
// log.
class QuietLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::ColumnFamilyOptions family_options(Table table, const IndexOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.cache_index_and_filter_blocks = true;
  blocks.cache_index_and_filter_blocks_with_high_priority = true;
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;
  blocks.format_version = 5;
  blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  blocks.whole_key_filtering = true;
  blocks.block_size = table == Table::metadata ? kMetadataBlockBytes : kRowBlockBytes;
  blocks.optimize_filters_for_memory = true;

  rocksdb::ColumnFamilyOptions family;
  family.write_buffer_size = std::max<uint64_t>(options.write_buffer_bytes / 2, 1u << 20);
  family.arena_block_size = kArenaBlockBytes;
  // Most keys that are asked for while storing are new ones: a filter spares the walk to nothing.
  family.memtable_whole_key_filtering = true;
  family.memtable_prefix_bloom_size_ratio = 0.02;
  family.max_write_buffer_number = 4;
  family.level_compaction_dynamic_level_bytes = true;
  family.target_file_size_base = 32u << 20;
  family.max_bytes_for_level_base = 128u << 20;
  family.compression = rocksdb::kLZ4Compression;
  family.bottommost_compression = rocksdb::kZSTD;
  switch (table) {
    case Table::metadata:
      family.compression = rocksdb::kZSTD;  // what is gained here is most of the index's size
      family.compression_opts.level = 1;
      break;
    case Table::places:
    case Table::refs:
      family.compression = rocksdb::kNoCompression;  // digests
      family.bottommost_compression = rocksdb::kNoCompression;
      break;
    case Table::meta:
    case Table::rows:
    case Table::fields:
    case Table::events:
    case Table::audit:
    case Table::lookups: break;
  }
  family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  return family;
}

}  // namespace

struct RocksDb::State {
  std::unique_ptr<rocksdb::Env> env;  // null: the engine's own
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;

  ~State() {
    for (auto* family : families) {
      if (db && family != db->DefaultColumnFamily()) db->DestroyColumnFamilyHandle(family);
    }
    if (db) db->Close();
  }
  rocksdb::ColumnFamilyHandle* family(Table table) const {
    return families[static_cast<size_t>(table)];
  }
  Result<std::optional<Bytes>> get(const rocksdb::ReadOptions& how, Table table, ByteView key) {
    rocksdb::PinnableSlice value;
    const rocksdb::Status s = db->Get(how, family(table), slice(key), &value);
    if (s.IsNotFound()) return std::optional<Bytes>();
    if (!s.ok()) return to_error(s);
    return std::optional<Bytes>(Bytes(value.data(), value.size()));
  }
};

namespace {

class RocksScan final : public Scan {
 public:
  RocksScan(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family, rocksdb::ReadOptions how,
            Bytes low, Bytes high)
      : high_(std::move(high)), high_slice_(slice(high_)) {
    if (!high_.empty()) how.iterate_upper_bound = &high_slice_;
    rows_.reset(db.NewIterator(how, family));
    rows_->Seek(slice(low));
  }
  bool valid() const override { return rows_->Valid(); }
  ByteView key() const override { return view(rows_->key()); }
  ByteView value() const override { return view(rows_->value()); }
  void next() override { rows_->Next(); }
  void seek(ByteView key) override { rows_->Seek(slice(key)); }
  Status status() const override { return to_status(rows_->status()); }

 private:
  const Bytes high_;
  const rocksdb::Slice high_slice_;
  std::unique_ptr<rocksdb::Iterator> rows_;
};

}  // namespace

class RocksReader final : public Reader {
 public:
  explicit RocksReader(RocksDb::State& state) : state_(state) {
    how_.snapshot = state_.db->GetSnapshot();
  }
  ~RocksReader() override { state_.db->ReleaseSnapshot(how_.snapshot); }
  Result<std::optional<Bytes>> get(Table table, ByteView key) override {
    return state_.get(how_, table, key);
  }
  std::unique_ptr<Scan> range(Table table, Bytes low, Bytes high) override {
    return std::make_unique<RocksScan>(*state_.db, state_.family(table), how_, std::move(low),
                                       std::move(high));
  }
  uint64_t keys_estimate(Table table, ByteView low, ByteView high) override {
    constexpr uint64_t kBytesPerKey = 40;  // as stored, measured on a year of CT
    rocksdb::Range range(slice(low), slice(high));
    uint64_t in_buffers = 0, buffered_bytes = 0, bytes = 0;
    state_.db->GetApproximateMemTableStats(state_.family(table), range, &in_buffers,
                                           &buffered_bytes);
    rocksdb::SizeApproximationOptions how;
    how.files_size_error_margin = 0.1;
    state_.db->GetApproximateSizes(how, state_.family(table), &range, 1, &bytes);
    return in_buffers + bytes / kBytesPerKey;
  }

 private:
  RocksDb::State& state_;
  rocksdb::ReadOptions how_;
};

RocksDb::RocksDb() : state_(std::make_unique<State>()) {}
RocksDb::~RocksDb() = default;

Result<std::unique_ptr<RocksDb>> RocksDb::open(Fs& fs, const std::string& dir,
                                               const IndexOptions& options) {
  std::unique_ptr<RocksDb> out(new RocksDb);
  State& state = *out->state_;
  state.cache = rocksdb::NewLRUCache(options.cache_bytes, /*num_shard_bits=*/2,
                                     /*strict_capacity_limit=*/false, /*high_pri_pool_ratio=*/0.3);
  state.env = make_rocks_env(fs);
  rocksdb::DBOptions db;
  if (state.env) db.env = state.env.get();
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.atomic_flush = true;
  db.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes);
  db.max_background_jobs = 2;
  db.max_subcompactions = 1;
  db.max_open_files = 512;
  db.bytes_per_sync = 1u << 20;
  db.info_log = std::make_shared<QuietLogger>();
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;

  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < kTablesCount; ++i) {
    const auto table = static_cast<Table>(i);
    families.emplace_back(std::string(to_string(table)),
                          family_options(table, options, state.cache));
  }
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status s = rocksdb::DB::Open(db, dir, families, &state.families, &raw);
  state.db.reset(raw);
  if (s.IsIOError() && s.ToString().find("lock") != std::string::npos) {
    return make_error(Code::conflict, "the index is held by another process; stop it first");
  }
  if (s.IsInvalidArgument()) {
    return make_error(Code::unsupported, "the index was written by a newer Medarc");
  }
  MEDARC_TRY(to_status(s));

  Bytes schema;
  key::append_be32(schema, kSchemaVersion);
  MEDARC_ASSIGN(auto held, out->get(Table::meta, key::kSchema));
  if (!held) {
    rocksdb::WriteOptions how;
    how.disableWAL = true;
    MEDARC_TRY(to_status(
        state.db->Put(how, state.family(Table::meta), slice(key::kSchema), slice(schema))));
  } else if (held->size() != schema.size() || *held > schema) {
    return make_error(Code::unsupported, "the index was written by a newer Medarc");
  } else if (*held < schema) {
    return make_error(Code::not_found, "the index has an older schema; rebuild it from the log");
  }
  return out;
}

Result<std::optional<Bytes>> RocksDb::get(Table table, ByteView key) {
  return state_->get({}, table, key);
}

std::unique_ptr<Reader> RocksDb::snapshot() { return std::make_unique<RocksReader>(*state_); }

Status RocksDb::scan(Table table, ByteView prefix,
                     const std::function<bool(ByteView key, ByteView value)>& visit) {
  RocksScan rows(*state_->db, state_->family(table), {}, Bytes(prefix),
                 key::after_prefix(Bytes(prefix)));
  for (; rows.valid(); rows.next()) {
    if (!visit(rows.key(), rows.value())) return {};
  }
  return rows.status();
}

Status RocksDb::write(const Batch& batch) {
  rocksdb::WriteBatch out;
  for (size_t i = 0; i < kTablesCount; ++i) {
    const auto table = static_cast<Table>(i);
    for (const auto& [key, value] : batch.changes(table)) {
      const rocksdb::Status s = value ? out.Put(state_->family(table), slice(key), slice(*value))
                                      : out.Delete(state_->family(table), slice(key));
      MEDARC_TRY(to_status(s));
    }
  }
  rocksdb::WriteOptions how;
  how.disableWAL = true;
  return to_status(state_->db->Write(how, &out));
}

Status RocksDb::flush() {
  rocksdb::FlushOptions how;
  how.allow_write_stall = true;
  return to_status(state_->db->Flush(how, state_->families));
}

uint64_t RocksDb::bytes() {
  uint64_t total = 0;
  for (auto* family : state_->families) {
    uint64_t one = 0;
    if (state_->db->GetIntProperty(family, "rocksdb.total-sst-files-size", &one)) total += one;
    if (state_->db->GetIntProperty(family, "rocksdb.cur-size-all-mem-tables", &one)) total += one;
  }
  return total;
}

Bytes RocksDb::figures() {
  Bytes out;
  for (auto* family : state_->families) {
    uint64_t bytes = 0;
    state_->db->GetIntProperty(family, "rocksdb.total-sst-files-size", &bytes);
    out += family->GetName() + " " + std::to_string(bytes) + "\n";
  }
  return out;
}

}  // namespace medarc::index

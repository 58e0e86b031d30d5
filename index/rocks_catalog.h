// The archive's catalog on the index's engine: chunk places, manifests, references and rows of a
// group of commits go into one write. Thread-safe as archive/catalog.h says.
#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "archive/catalog.h"
#include "index/ops.h"
#include "index/rocks_db.h"

namespace medarc::index {

class RocksCatalog final : public archive::Catalog {
 public:
  // Called with each commit as it is applied; an error stops.
  using Observer = std::function<Status(const archive::Application&)>;

  explicit RocksCatalog(std::shared_ptr<RocksDb> db) : db_(std::move(db)) {}
  Status load();  // first of all

  archive::CommitNumber applied() override;
  Status apply(std::span<const archive::Application> group) override;
  Status flush() override;
  Result<std::optional<archive::ChunkLocation>> find_chunk(const Digest& chunk) override;
  Result<std::optional<archive::ManifestPage>> find_manifest(const Digest& blob,
                                                             uint64_t offset) override;
  Status for_each_chunk(
      const std::function<bool(const Digest&, const archive::ChunkLocation&)>& visit) override;
  Status for_each_blob(const std::function<bool(const archive::BlobInfo&)>& visit) override;
  Result<bool> blob_referenced(const Digest& blob) override;
  Result<bool> chunk_referenced(const Digest& chunk) override;
  Status rewrite(const Rewrite& rewrite) override;
  Result<uint32_t> generation(uint32_t segment) override;

  void observe(Observer observer) { observer_ = std::move(observer); }
  // From here on outcomes wait for whoever committed.
  void keep_outcomes() { keep_outcomes_ = true; }
  // What became of the ops of commit `number`, once.
  std::optional<std::vector<OpOutcome>> take_outcomes(archive::CommitNumber number);

 private:
  Result<bool> any_under(Table table, const Bytes& prefix);

  const std::shared_ptr<RocksDb> db_;
  std::mutex apply_mutex_;
  std::atomic<uint64_t> applied_{0};  // visible
  std::atomic<uint64_t> durable_{0};  // at least this much is flushed
  Observer observer_;
  bool keep_outcomes_ = false;
  std::mutex outcomes_mutex_;
  std::map<archive::CommitNumber, std::vector<OpOutcome>> outcomes_;
};

}  // namespace medarc::index

// A Catalog in memory, with a durable past: flush() keeps a copy, crash() goes back to it.
// References are what the test's payloads say: a payload is a list of digests (32 bytes each) that
// the commit's owner keeps; "-" and a digest lets one go.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "archive/catalog.h"

namespace medarc::test {

class MemoryCatalog final : public archive::Catalog {
 public:
  MemoryCatalog() = default;
  MemoryCatalog(const MemoryCatalog& other) : now_(other.now_), durable_(other.durable_) {}
  // What a crash would leave of `other`.
  void take_over(const MemoryCatalog& other) { now_ = durable_ = other.durable_; }
  archive::CommitNumber applied() override;
  Status apply(std::span<const archive::Application> group) override;
  Status flush() override;
  Result<std::optional<archive::ChunkLocation>> find_chunk(const Digest& chunk) override;
  Result<std::optional<archive::ManifestPage>> find_manifest(const Digest& blob, uint64_t offset) override;
  Status for_each_chunk(
      const std::function<bool(const Digest&, const archive::ChunkLocation&)>& visit) override;
  Status for_each_blob(const std::function<bool(const archive::BlobInfo&)>& visit) override;
  Result<bool> blob_referenced(const Digest& blob) override;
  Result<bool> chunk_referenced(const Digest& chunk) override;
  Status rewrite(const Rewrite& rewrite) override;
  Result<uint32_t> generation(uint32_t segment) override;

  void crash();                          // forgets what was not flushed
  void clear();                          // as new
  std::vector<Bytes> payloads();         // applied so far, in order
  static Bytes keep(const Digest& blob) { return "+" + Bytes(blob.view()); }
  static Bytes let_go(const Digest& blob) { return "-" + Bytes(blob.view()); }

 private:
  struct State {
    uint64_t applied = 0;
    std::map<Digest, archive::ChunkLocation> chunks;
    std::map<Digest, archive::NewBlob> blobs;
    std::map<uint32_t, uint32_t> generations;
    std::multiset<Digest> kept;
    std::vector<Bytes> payloads;
  };
  std::mutex mutex_;
  State now_, durable_;
};

}  // namespace medarc::test

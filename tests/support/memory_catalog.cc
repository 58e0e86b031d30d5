#include "tests/support/memory_catalog.h"

#include "archive/recoding.h"

namespace medarc::test {

using archive::Application;
using archive::BlobInfo;
using archive::ChunkLocation;
using archive::CommitNumber;
using archive::ManifestPage;

CommitNumber MemoryCatalog::applied() {
  std::lock_guard lock(mutex_);
  return CommitNumber{durable_.applied};
}

Status MemoryCatalog::apply(std::span<const Application> group) {
  std::lock_guard lock(mutex_);
  for (const Application& a : group) {
    if (a.number.value <= now_.applied) continue;
    if (a.number.value != now_.applied + 1) return make_error(Code::internal, "out of order");
    const bool moves = archive::moves_chunks(a);
    for (const auto& c : a.chunks) {
      if (moves)
        now_.chunks[c.chunk] = c.location;
      else
        now_.chunks.emplace(c.chunk, c.location);
    }
    for (const auto& b : a.blobs) now_.blobs.emplace(b.digest, b);
    for (const auto& d : a.dropped_blobs) now_.blobs.erase(d);
    for (const auto& d : a.dropped_chunks) now_.chunks.erase(d);
    for (size_t at = 0; at + 33 <= a.payload.size(); at += 33) {
      const Digest d = *Digest::from_view(a.payload.substr(at + 1, 32));
      if (a.payload[at] == '+') now_.kept.insert(d);
      if (a.payload[at] == '-') now_.kept.erase(d);
    }
    now_.payloads.emplace_back(a.payload);
    now_.applied = a.number.value;
  }
  return {};
}

Status MemoryCatalog::flush() {
  std::lock_guard lock(mutex_);
  durable_ = now_;
  return {};
}

Result<std::optional<ChunkLocation>> MemoryCatalog::find_chunk(const Digest& chunk) {
  std::lock_guard lock(mutex_);
  auto it = now_.chunks.find(chunk);
  if (it == now_.chunks.end()) return std::optional<ChunkLocation>();
  return std::optional<ChunkLocation>(it->second);
}

Result<std::optional<ManifestPage>> MemoryCatalog::find_manifest(const Digest& blob,
                                                                 uint64_t offset) {
  std::lock_guard lock(mutex_);
  auto it = now_.blobs.find(blob);
  if (it == now_.blobs.end()) return std::optional<ManifestPage>();
  ManifestPage page;
  page.blob_size = it->second.size;
  for (const auto& e : it->second.entries) {  // pages of 3, so that tests cross them
    if (page.entries.size() == 3) {
      uint64_t end = page.first_offset;
      for (const auto& had : page.entries) end += had.length;
      if (offset < end) break;
      page.first_offset = end;
      page.entries.clear();
    }
    page.entries.push_back(e);
  }
  return std::optional<ManifestPage>(std::move(page));
}

Status MemoryCatalog::for_each_chunk(
    const std::function<bool(const Digest&, const ChunkLocation&)>& visit) {
  std::unique_lock lock(mutex_);
  const auto chunks = now_.chunks;
  lock.unlock();
  for (const auto& [digest, where] : chunks) {
    if (!visit(digest, where)) break;
  }
  return {};
}

Status MemoryCatalog::for_each_blob(const std::function<bool(const BlobInfo&)>& visit) {
  std::unique_lock lock(mutex_);
  const auto blobs = now_.blobs;
  lock.unlock();
  for (const auto& [digest, blob] : blobs) {
    if (!visit({digest, blob.size, 0})) break;
  }
  return {};
}

Result<bool> MemoryCatalog::blob_referenced(const Digest& blob) {
  std::lock_guard lock(mutex_);
  return now_.kept.count(blob) > 0;
}

Result<bool> MemoryCatalog::chunk_referenced(const Digest& chunk) {
  std::lock_guard lock(mutex_);
  for (const auto& [digest, blob] : now_.blobs) {
    for (const auto& e : blob.entries) {
      if (e.chunk == chunk) return true;
    }
  }
  return false;
}

Status MemoryCatalog::rewrite(const Rewrite& rewrite) {
  std::lock_guard lock(mutex_);
  for (const auto& m : rewrite.moved) now_.chunks[m.chunk] = m.location;
  now_.generations[rewrite.segment] = rewrite.generation;
  durable_ = now_;
  return {};
}

Result<uint32_t> MemoryCatalog::generation(uint32_t segment) {
  std::lock_guard lock(mutex_);
  auto it = now_.generations.find(segment);
  return it == now_.generations.end() ? 0u : it->second;
}

void MemoryCatalog::crash() {
  std::lock_guard lock(mutex_);
  now_ = durable_;
}

void MemoryCatalog::clear() {
  std::lock_guard lock(mutex_);
  now_ = {};
  durable_ = {};
}

std::vector<Bytes> MemoryCatalog::payloads() {
  std::lock_guard lock(mutex_);
  return now_.payloads;
}

}  // namespace medarc::test

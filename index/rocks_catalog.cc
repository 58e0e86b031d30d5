#include "index/rocks_catalog.h"

#include "index/apply.h"
#include "index/strict.h"

namespace medarc::index {
namespace {

using archive::Application;
using archive::BlobInfo;
using archive::ChunkLocation;
using archive::CommitNumber;
using archive::ManifestPage;

// Outcomes of commits whose committer failed to come for them; far above what can wait at once.
constexpr size_t kOutcomesMax = 65'536;
constexpr size_t kDigestBytes = sizeof(Digest::value);

}  // namespace

Status RocksCatalog::load() {
  MEDARC_ASSIGN(std::optional<Bytes> value, db_->get(Table::meta, key::kApplied));
  if (!value) return {};
  if (value->size() != sizeof(uint64_t)) {
    return make_error(Code::corrupt, "the index does not say how far it is; rebuild it");
  }
  applied_ = durable_ = key::read_be64(*value);
  return {};
}

CommitNumber RocksCatalog::applied() { return CommitNumber{durable_.load()}; }

Status RocksCatalog::apply(std::span<const Application> group) {
  std::lock_guard lock(apply_mutex_);
  Group state(*db_);
  MEDARC_TRY(state.load());
  uint64_t last = applied_;
  std::vector<std::pair<CommitNumber, std::vector<OpOutcome>>> outcomes;
  for (const Application& a : group) {
    if (a.number.value <= last) continue;
    if (observer_) MEDARC_TRY(observer_(a));
    MEDARC_ASSIGN(std::vector<OpOutcome> outcome, state.apply(a));
    outcomes.emplace_back(a.number, std::move(outcome));
    last = a.number.value;
  }
  if (last == applied_) return {};
  state.finish(CommitNumber{last});
  MEDARC_TRY(db_->write(state.batch()));
  applied_ = last;
  if (!keep_outcomes_) return {};
  std::lock_guard waiting(outcomes_mutex_);
  for (auto& [number, outcome] : outcomes) {
    if (!outcome.empty()) outcomes_.emplace(number, std::move(outcome));
  }
  while (outcomes_.size() > kOutcomesMax) outcomes_.erase(outcomes_.begin());
  return {};
}

std::optional<std::vector<OpOutcome>> RocksCatalog::take_outcomes(CommitNumber number) {
  std::lock_guard lock(outcomes_mutex_);
  auto at = outcomes_.find(number);
  if (at == outcomes_.end()) return std::nullopt;
  std::vector<OpOutcome> out = std::move(at->second);
  outcomes_.erase(at);
  return out;
}

Status RocksCatalog::flush() {
  const uint64_t before = applied_;
  MEDARC_TRY(db_->flush());
  uint64_t known = durable_;
  while (known < before && !durable_.compare_exchange_weak(known, before)) {
  }
  return {};
}

Result<std::optional<ChunkLocation>> RocksCatalog::find_chunk(const Digest& chunk) {
  MEDARC_ASSIGN(std::optional<Bytes> value, db_->get(Table::places, key::chunk(chunk)));
  if (!value) return std::optional<ChunkLocation>();
  MEDARC_ASSIGN(ChunkLocation location, decode_location(*value));
  return std::optional<ChunkLocation>(location);
}

Result<std::optional<ManifestPage>> RocksCatalog::find_manifest(const Digest& blob,
                                                                uint64_t offset) {
  MEDARC_ASSIGN(std::optional<Bytes> first, db_->get(Table::places, key::manifest(blob, 0)));
  if (!first) return std::optional<ManifestPage>();
  MEDARC_ASSIGN(ManifestPage page, decode_manifest(0, *first));
  uint64_t end = 0;
  for (const archive::ManifestEntry& e : page.entries) end += e.length;
  if (offset < end || end >= page.blob_size) return std::optional<ManifestPage>(std::move(page));

  // A later page: the last that begins at or before the offset.
  Bytes last;
  uint64_t last_offset = 0;
  MEDARC_TRY(db_->scan(Table::places, key::manifests(blob), [&](ByteView k, ByteView value) {
    const uint64_t begins = key::read_be64(k.substr(1 + kDigestBytes));
    if (begins > offset) return false;
    last_offset = begins;
    last = value;
    return true;
  }));
  MEDARC_ASSIGN(page, decode_manifest(last_offset, last));
  return std::optional<ManifestPage>(std::move(page));
}

Status RocksCatalog::for_each_chunk(
    const std::function<bool(const Digest&, const ChunkLocation&)>& visit) {
  Status failed;
  MEDARC_TRY(db_->scan(Table::places, "c", [&](ByteView k, ByteView value) {
    auto digest = Digest::from_view(k.substr(1));
    auto location = decode_location(value);
    if (!digest || location.has_error()) {
      failed = make_error(Code::corrupt, "a chunk place cannot be decoded; rebuild the index");
      return false;
    }
    return visit(*digest, *location);
  }));
  return failed;
}

Status RocksCatalog::for_each_blob(const std::function<bool(const BlobInfo&)>& visit) {
  Status failed;
  std::optional<BlobInfo> blob;  // pages of one blob follow each other
  bool stopped = false;
  auto emit = [&] {
    if (blob && !stopped) stopped = !visit(*blob);
    blob.reset();
    return !stopped;
  };
  MEDARC_TRY(db_->scan(Table::places, "m", [&](ByteView k, ByteView value) {
    auto digest = Digest::from_view(k.substr(1, kDigestBytes));
    auto page = decode_manifest(0, value);
    if (!digest || page.has_error()) {
      failed = make_error(Code::corrupt, "a manifest cannot be decoded; rebuild the index");
      return false;
    }
    if (!blob || blob->digest != *digest) {
      if (!emit()) return false;
      blob = BlobInfo{*digest, page->blob_size, 0};
    }
    for (const archive::ManifestEntry& e : page->entries) {
      auto location = find_chunk(e.chunk);
      if (location.has_error()) {
        failed = location.error();
        return false;
      }
      if (*location) blob->stored_bytes += (*location)->stored_length;
    }
    return true;
  }));
  MEDARC_TRY(failed);
  emit();
  return {};
}

Result<bool> RocksCatalog::any_under(Table table, const Bytes& prefix) {
  bool any = false;
  MEDARC_TRY(db_->scan(table, prefix, [&](ByteView, ByteView) {
    any = true;
    return false;
  }));
  return any;
}

Result<bool> RocksCatalog::blob_referenced(const Digest& blob) {
  return any_under(Table::refs, key::blob_references(blob));
}

Result<bool> RocksCatalog::chunk_referenced(const Digest& chunk) {
  return any_under(Table::refs, key::chunk_references(chunk));
}

Status RocksCatalog::rewrite(const Rewrite& rewrite) {
  {
    std::lock_guard lock(apply_mutex_);
    Batch batch(*db_);
    for (const archive::NewChunk& c : rewrite.moved) {
      batch.put(Table::places, key::chunk(c.chunk), encode(c.location));
    }
    Encoder generation;
    generation.varint(rewrite.generation);
    batch.put(Table::places, key::segment(rewrite.segment), generation.take());
    MEDARC_TRY(db_->write(batch));
  }
  return flush();
}

Result<uint32_t> RocksCatalog::generation(uint32_t segment) {
  MEDARC_ASSIGN(std::optional<Bytes> value, db_->get(Table::places, key::segment(segment)));
  if (!value) return 0u;
  Decoder in(*value);
  StrictDecoder strict(in);
  const uint32_t generation = strict.u32();
  if (!in.at_end()) return make_error(Code::corrupt, "a segment generation cannot be decoded");
  return generation;
}

}  // namespace medarc::index

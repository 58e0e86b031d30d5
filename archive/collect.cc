#include "archive/collect.h"

#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

namespace medarc::archive {
namespace {

constexpr double kLiveShareMin = 0.6;  // sealed segments below it are rewritten

struct Dead {
  std::vector<Digest> blobs;
  std::unordered_set<Digest> chunks;
  uint64_t bytes = 0;  // on disk, of those chunks
};

Status each_entry(Catalog& catalog, const BlobInfo& blob,
                  const std::function<void(const ManifestEntry&)>& visit) {
  for (uint64_t offset = 0; offset < blob.size;) {
    MEDARC_ASSIGN(auto page, catalog.find_manifest(blob.digest, offset));
    if (!page || page->entries.empty()) return {};
    for (const ManifestEntry& e : page->entries) {
      visit(e);
      offset += e.length;
    }
  }
  return {};
}

// Blobs no row names, and chunks that only they (or nobody) use. Work follows the dead unless there
// are any; then one walk over the living manifests finds what they share.
Result<Dead> find_dead(Catalog& catalog, Pins& pins) {
  Dead dead;
  std::unordered_set<Digest> dead_blobs;
  std::vector<BlobInfo> gone;
  Status failed;
  MEDARC_TRY(catalog.for_each_blob([&](const BlobInfo& blob) {
    auto named = catalog.blob_referenced(blob.digest);
    if (named.has_error()) {
      failed = named.error();
      return false;
    }
    if (!*named && !pins.pinned(blob.digest)) {
      gone.push_back(blob);
      dead_blobs.insert(blob.digest);
    }
    return true;
  }));
  MEDARC_TRY(failed);
  for (const BlobInfo& blob : gone) {
    dead.blobs.push_back(blob.digest);
    MEDARC_TRY(each_entry(catalog, blob, [&](const ManifestEntry& e) {
      if (!pins.pinned(e.chunk)) dead.chunks.insert(e.chunk);
    }));
  }
  if (!dead.chunks.empty()) {
    MEDARC_TRY(catalog.for_each_blob([&](const BlobInfo& blob) {
      if (dead_blobs.count(blob.digest) > 0) return true;
      failed = each_entry(catalog, blob, [&](const ManifestEntry& e) { dead.chunks.erase(e.chunk); });
      return failed.has_value();
    }));
    MEDARC_TRY(failed);
  }
  MEDARC_TRY(catalog.for_each_chunk([&](const Digest& chunk, const ChunkLocation& where) {
    bool counted = dead.chunks.count(chunk) > 0;
    if (!counted) {
      auto named = catalog.chunk_referenced(chunk);
      if (named.has_error()) {
        failed = named.error();
        return false;
      }
      if (!*named && !pins.pinned(chunk)) {
        dead.chunks.insert(chunk);
        counted = true;
      }
    }
    if (counted) dead.bytes += where.stored_length;
    return true;
  }));
  MEDARC_TRY(failed);
  return dead;
}

// Live chunk bytes of each segment, without the chunks that are about to be dropped.
Result<std::unordered_map<uint32_t, uint64_t>> live_bytes(
    Catalog& catalog, const std::unordered_set<Digest>& dying) {
  std::unordered_map<uint32_t, uint64_t> live;
  MEDARC_TRY(catalog.for_each_chunk([&](const Digest& chunk, const ChunkLocation& where) {
    if (dying.count(chunk) == 0) live[where.segment] += padded(where.stored_length);
    return true;
  }));
  return live;
}

struct Sizes {
  uint64_t chunks = 0;  // bytes of all chunk records in the segment, dead or alive
};

Result<Sizes> sizes_of(Segment& segment) {
  Sizes sizes;
  MEDARC_ASSIGN(auto scan, segment.scan([&](uint64_t, const RecordHeader& h) -> Status {
    if (h.type == RecordType::chunk) sizes.chunks += padded(stored_length(h.payload_length));
    return {};
  }));
  (void)scan;
  return sizes;
}

Result<std::vector<uint64_t>> sparse_segments(SegmentLog& log, Catalog& catalog,
                                              const std::unordered_set<Digest>& dying) {
  MEDARC_ASSIGN(auto live, live_bytes(catalog, dying));
  std::vector<uint64_t> out;
  for (const auto& segment : log.sealed()) {
    MEDARC_ASSIGN(const Sizes sizes, sizes_of(*segment));
    const auto alive = static_cast<double>(live[segment->header().number]);
    if (sizes.chunks > 0 && alive < kLiveShareMin * static_cast<double>(sizes.chunks)) {
      out.push_back(segment->header().number);
    }
  }
  return out;
}

Status drop(SegmentLog& log, Catalog& catalog, Pins& pins) {
  auto gate = pins.exclusive();
  MEDARC_ASSIGN(Dead dead, find_dead(catalog, pins));
  if (dead.blobs.empty() && dead.chunks.empty()) return {};
  SegmentLog::Draft draft;
  draft.body.dropped_blobs = std::move(dead.blobs);
  draft.body.dropped_chunks.assign(dead.chunks.begin(), dead.chunks.end());
  std::sort(draft.body.dropped_chunks.begin(), draft.body.dropped_chunks.end());
  auto committed = log.commit(std::move(draft));
  if (committed.has_error()) return committed.error();
  return {};
}

// The next generation of a segment: every commit record as it is, and the chunks that live here.
Status rewrite(SegmentLog& log, Catalog& catalog, Pins& pins, uint32_t number) {
  auto gate = pins.exclusive();  // nobody looks a chunk up or appends uncommitted ones meanwhile
  if (pins.segment_held(number)) return {};
  MEDARC_ASSIGN(auto old, log.segment(number));
  SegmentHeader header = old->header();
  ++header.generation;
  Fs& fs = log.fs();
  const std::string making = log.dir() + "/rewrite.new";
  (void)fs.remove(making);  // of an earlier, interrupted run; absent as a rule
  MEDARC_ASSIGN(auto file, fs.open(making, OpenMode::create_new));
  const Bytes head = encode(header);
  MEDARC_TRY(file->write_at(0, {head}));
  uint64_t tail = kSegmentHeaderBytes;
  Catalog::Rewrite change{number, header.generation, {}};
  Bytes record;
  auto copy = [&](uint64_t offset, const RecordHeader& h) -> Status {
    const uint64_t length = padded(stored_length(h.payload_length));
    if (h.type == RecordType::chunk) {
      MEDARC_ASSIGN(auto where, catalog.find_chunk(h.digest));
      if (!where || where->segment != number ||
          uint64_t{where->offset_units} * kRecordAlignment != offset) {
        return {};
      }
      ChunkLocation moved = *where;
      moved.offset_units = static_cast<uint32_t>(tail / kRecordAlignment);
      change.moved.push_back({h.digest, moved});
    }
    record.resize(length);
    MEDARC_ASSIGN(const size_t n, old->file().read_at(offset, record.data(), length));
    if (n != length) return make_error(Code::corrupt, "a sealed record is cut short");
    MEDARC_TRY(file->write_at(tail, {record}));
    tail += length;
    return {};
  };
  MEDARC_ASSIGN(auto scan, old->scan(copy));
  if (!scan.sealed) return make_error(Code::corrupt, fmt::format("segment {} has no seal", number));
  RecordHeader seal;
  seal.type = RecordType::seal;
  MEDARC_ASSIGN(auto end, FramedRecord::make(seal, {}, {}));
  std::vector<ByteView> parts;
  end.place(scan.last_sequence, scan.last_sequence, header.salt, parts);
  MEDARC_TRY(file->write_at(tail, parts));
  MEDARC_TRY(file->sync());
  const std::string path = log.dir() + "/" + Segment::file_name(number, header.generation);
  MEDARC_TRY(fs.rename(making, path));
  MEDARC_TRY(fs.sync_dir(log.dir()));
  MEDARC_TRY(catalog.rewrite(change));
  return log.replace(std::make_shared<Segment>(std::move(file), header, path));
}

}  // namespace

Result<GcPlan> plan_collection(SegmentLog& log, Catalog& catalog, Pins& pins) {
  MEDARC_ASSIGN(Dead dead, find_dead(catalog, pins));
  GcPlan plan;
  plan.blobs = dead.blobs.size();
  plan.chunks = dead.chunks.size();
  plan.bytes = dead.bytes;
  MEDARC_ASSIGN(plan.segments, sparse_segments(log, catalog, dead.chunks));
  return plan;
}

Status collect_segments(SegmentLog& log, Catalog& catalog, Pins& pins, const GcPlan& plan,
                        const Progress& progress) {
  MEDARC_TRY(drop(log, catalog, pins));
  uint64_t done = 0;
  for (const uint64_t number : plan.segments) {
    MEDARC_TRY(rewrite(log, catalog, pins, static_cast<uint32_t>(number)));
    if (progress && !progress(++done, plan.segments.size())) {
      return make_error(Code::cancelled, "stopped");
    }
  }
  return {};
}

}  // namespace medarc::archive

#include "genomics/block_map.h"

#include <algorithm>
#include <mutex>

#include "genomics/block_map_builder.h"
#include "genomics/block_map_format1.h"

namespace medarc::genomics {
namespace {

struct Foot {
  bool sorted = false;
  uint64_t extents = 0;
  uint32_t header_bytes = 0, contigs = 0, spans = 0;
};

Foot read_foot(ByteView stored) {
  Decoder d(stored);
  Foot foot;
  foot.sorted = (d.fixed<uint32_t>() & kMapSorted) != 0;
  foot.extents = d.fixed<uint64_t>();
  foot.header_bytes = d.fixed<uint32_t>();
  foot.contigs = d.fixed<uint32_t>();
  foot.spans = d.fixed<uint32_t>();
  return foot;
}

// Regions of one reference may touch the same extents.
void unite(std::vector<Touched>& touched) {
  std::stable_sort(touched.begin(), touched.end(),
                   [](const Touched& a, const Touched& b) { return a.extent < b.extent; });
  size_t kept = 0;
  for (const Touched& t : touched) {
    if (kept > 0 && touched[kept - 1].extent == t.extent) {
      touched[kept - 1].whole = touched[kept - 1].whole || t.whole;
    } else {
      touched[kept++] = t;
    }
  }
  touched.resize(kept);
}

}  // namespace

Result<BlockMap> BlockMap::open(uint64_t bytes, ExtentPages::Read read) {
  if (bytes < kMapMagic.size() + kMapFootBytes) return damaged_map("its length is wrong");
  Bytes magic(kMapMagic.size(), '\0');
  MEDARC_TRY(read({0, magic.size()}, magic.data()));
  if (magic == kMapMagic1) {
    Bytes stored(bytes, '\0');
    MEDARC_TRY(read({0, bytes}, stored.data()));
    MEDARC_ASSIGN(stored, map_of_format1(stored));
    return in_memory(std::move(stored));
  }
  if (magic != kMapMagic) return damaged_map("it does not start as one");
  Bytes foot_bytes(kMapFootBytes, '\0');
  MEDARC_TRY(read({bytes - kMapFootBytes, kMapFootBytes}, foot_bytes.data()));
  const Foot foot = read_foot(foot_bytes);
  const uint64_t tail_end = bytes - kMapFootBytes;
  if (foot.extents > UINT32_MAX || foot.extents * kExtentBytes > tail_end - kMapMagic.size())
    return damaged_map("its length is wrong");
  const uint64_t tail_begin = kMapMagic.size() + foot.extents * kExtentBytes;
  Bytes tail(tail_end - tail_begin, '\0');
  MEDARC_TRY(read({tail_begin, tail.size()}, tail.data()));

  BlockMap map;
  map.sorted_ = foot.sorted;
  const auto extents = static_cast<uint32_t>(foot.extents);
  Decoder d(tail);
  map.header_blocks_ = Bytes(d.raw(foot.header_bytes));
  for (uint32_t n = foot.contigs; n > 0 && d.ok(); --n) map.more_contigs_.emplace_back(d.bytes());
  for (uint32_t n = foot.spans; n > 0 && d.ok(); --n) {
    ExtentSpan span;
    span.tid = static_cast<int32_t>(d.fixed<uint32_t>());
    span.begin = d.fixed<uint32_t>();
    span.end = d.fixed<uint32_t>();
    if (span.begin >= span.end || span.end > extents)
      return damaged_map("a reference's extents are not there");
    map.spans_.push_back(span);
  }
  const uint32_t pages = foot.sorted ? map_pages(extents) : 0;
  for (uint32_t n = pages; n > 0 && d.ok(); --n) {
    PageReach reach;
    reach.so_far = static_cast<int32_t>(d.fixed<uint32_t>());
    reach.largest = static_cast<int32_t>(d.fixed<uint32_t>());
    map.reach_.push_back(reach);
  }
  if (!d.ok() || !d.rest().empty()) return damaged_map("its length is wrong");
  map.pages_ = std::make_shared<ExtentPages>(extents, kMapMagic.size(), std::move(read));
  return map;
}

Result<BlockMap> BlockMap::in_memory(Bytes stored) {
  const uint64_t bytes = stored.size();
  return open(
      bytes, [held = std::make_shared<const Bytes>(std::move(stored))](ByteRange range, char* out) {
        held->copy(out, range.length, range.begin);
        return Status();
      });
}

Result<BlockMap> BlockMap::of_blob(archive::BlobStore& blobs, const Digest& stored) {
  // Kept open: a slice under way goes on when its file is removed.
  struct Held {
    std::mutex mutex;
    std::unique_ptr<archive::BlobReader> reader;
  };
  auto held = std::make_shared<Held>();
  MEDARC_ASSIGN(held->reader, blobs.open(stored));
  const uint64_t bytes = held->reader->size();
  return open(bytes, [held](ByteRange range, char* out) {
    const std::lock_guard lock(held->mutex);
    return held->reader->read(range, out);
  });
}

size_t BlockMap::memory_bytes_max() const {
  return sizeof *this + header_blocks_.size() + spans_.size() * sizeof(ExtentSpan) +
         reach_.size() * sizeof(PageReach) + more_contigs_.size() * 2 * sizeof(std::string) +
         (pages_ ? pages_->memory_bytes_max() : 0);
}

Result<bool> stored_map_sorted(archive::BlobStore& blobs, const Digest& block_map) {
  MEDARC_ASSIGN(const BlockMap map, BlockMap::of_blob(blobs, block_map));
  return map.sorted();
}

ExtentSpan BlockMap::span_of(int32_t tid) const {
  const auto found =
      std::lower_bound(spans_.begin(), spans_.end(), tid, [](const ExtentSpan& s, int32_t t) {
        return static_cast<uint32_t>(s.tid) < static_cast<uint32_t>(t);
      });
  return found == spans_.end() || found->tid != tid ? ExtentSpan{} : *found;
}

Result<std::vector<Touched>> BlockMap::query(const std::vector<Region>& regions) const {
  std::vector<Touched> out;
  Extents x = extents();
  for (const Region& r : regions) query(r, x, out);
  MEDARC_TRY(x.failed());
  unite(out);
  return out;
}

void BlockMap::query(const Region& r, Extents& x, std::vector<Touched>& out) const {
  const ExtentSpan span = span_of(r.tid);
  if (r.tid == kUnplaced) {
    for (uint32_t i = span.begin; i < span.end; ++i) {
      if (x[i].records > 0) out.push_back({i, true});
    }
    return;
  }
  if (span.begin == span.end) return;
  const auto from = static_cast<int32_t>(r.begin), to = static_cast<int32_t>(r.end);
  // Pages that end in this reference, and before its last: their reach rises.
  const uint32_t first = span.begin / kPageExtents, last = (span.end - 1) / kPageExtents;
  const auto page = std::partition_point(reach_.begin() + first, reach_.begin() + last,
                                         [from](const PageReach& p) { return p.so_far <= from; });
  uint32_t i = static_cast<uint32_t>(page - reach_.begin()) * kPageExtents;
  i = std::max(i, span.begin);
  while (i < span.end) {
    if (i % kPageExtents == 0 && reach_[i / kPageExtents].largest <= from &&
        i + kPageExtents <= span.end) {
      i += kPageExtents;
      continue;
    }
    const Extent e = x[i];
    if (e.records > 0) {
      if (e.min_begin >= to) break;
      if (e.max_end > from) out.push_back({i, e.max_begin < to && e.min_end > from});
    }
    ++i;
  }
}

Result<std::vector<Touched>> BlockMap::everything() const {
  std::vector<Touched> out;
  Extents x = extents();
  for (uint32_t i = 0; i < x.size(); ++i) {
    if (x[i].records > 0) out.push_back({i, true});
  }
  MEDARC_TRY(x.failed());
  return out;
}

}  // namespace medarc::genomics

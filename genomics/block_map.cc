#include "genomics/block_map.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

// Format 1: magic, flags, lengths; header blocks and contigs stand before the extents.
constexpr ByteView kMagic1 = "MEDBMAP1";
constexpr size_t kHeadBytes1 = 24;
constexpr uint32_t kMoreContigs1 = 2;

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

void MapOutline::add(const Extent& x) {
  if (extents_ % kPageExtents == 0) reach_.emplace_back();
  // A block without a first record lies within the reference around it.
  if (x.records > 0) {
    if (spans_.empty() || spans_.back().tid != x.tid) {
      spans_.push_back({x.tid, extents_, extents_});
      so_far_ = INT32_MIN;
    }
    spans_.back().end = extents_ + 1;
    so_far_ = std::max(so_far_, x.max_end);
    reach_.back().largest = std::max(reach_.back().largest, x.max_end);
  }
  reach_.back().so_far = so_far_;
  ++extents_;
}

std::vector<ExtentSpan> MapOutline::take_spans() {
  std::sort(spans_.begin(), spans_.end(), [](const ExtentSpan& a, const ExtentSpan& b) {
    return static_cast<uint32_t>(a.tid) < static_cast<uint32_t>(b.tid);
  });
  return std::move(spans_);
}

Result<BlockMap> BlockMap::open(uint64_t bytes, ExtentPages::Read read) {
  if (bytes < kMapMagic.size() + kMapFootBytes) return damaged_map("its length is wrong");
  Bytes magic(kMapMagic.size(), '\0');
  MEDARC_TRY(read({0, magic.size()}, magic.data()));
  BlockMap map;
  if (magic == kMagic1) {
    MEDARC_TRY(map.read_format1(bytes, read));
  } else if (magic == kMapMagic) {
    MEDARC_TRY(map.read_tail(bytes, read));
  } else {
    return damaged_map("it does not start as one");
  }
  return map;
}

Status BlockMap::read_tail(uint64_t bytes, const ExtentPages::Read& read) {
  Bytes foot_bytes(kMapFootBytes, '\0');
  const uint64_t tail_end = bytes - kMapFootBytes;
  MEDARC_TRY(read({tail_end, kMapFootBytes}, foot_bytes.data()));
  const Foot foot = read_foot(foot_bytes);
  if (foot.extents > UINT32_MAX || foot.extents * kExtentBytes > tail_end - kMapMagic.size())
    return damaged_map("its length is wrong");
  const uint64_t tail_begin = kMapMagic.size() + foot.extents * kExtentBytes;
  Bytes tail(tail_end - tail_begin, '\0');
  MEDARC_TRY(read({tail_begin, tail.size()}, tail.data()));
  const auto extents = static_cast<uint32_t>(foot.extents);
  sorted_ = foot.sorted;
  Decoder d(tail);
  header_blocks_ = Bytes(d.raw(foot.header_bytes));
  for (uint32_t n = foot.contigs; n > 0 && d.ok(); --n) more_contigs_.emplace_back(d.bytes());
  for (uint32_t n = foot.spans; n > 0 && d.ok(); --n) {
    ExtentSpan span;
    span.tid = static_cast<int32_t>(d.fixed<uint32_t>());
    span.begin = d.fixed<uint32_t>();
    span.end = d.fixed<uint32_t>();
    if (span.begin >= span.end || span.end > extents)
      return damaged_map("a reference's extents are not there");
    spans_.push_back(span);
  }
  for (uint32_t n = sorted_ ? map_pages(extents) : 0; n > 0 && d.ok(); --n) {
    PageReach reach;
    reach.so_far = static_cast<int32_t>(d.fixed<uint32_t>());
    reach.largest = static_cast<int32_t>(d.fixed<uint32_t>());
    reach_.push_back(reach);
  }
  if (!d.ok() || !d.rest().empty()) return damaged_map("its length is wrong");
  pages_ = std::make_shared<ExtentPages>(extents, kMapMagic.size(), read);
  return {};
}

// Its pages lie as those of format 2 do; what they come to has to be learnt from all of them.
Status BlockMap::read_format1(uint64_t bytes, const ExtentPages::Read& read) {
  Bytes head(kHeadBytes1, '\0');
  MEDARC_TRY(read({0, head.size()}, head.data()));
  Decoder d(ByteView(head).substr(kMagic1.size()));
  const uint32_t flags = d.fixed<uint32_t>();
  const uint32_t header_bytes = d.fixed<uint32_t>();
  const uint64_t extents = d.fixed<uint64_t>();
  if (extents > UINT32_MAX || bytes - kHeadBytes1 < extents * kExtentBytes)
    return damaged_map("its length is wrong");
  const uint64_t begin = bytes - extents * kExtentBytes;
  Bytes front(begin - kHeadBytes1, '\0');
  MEDARC_TRY(read({kHeadBytes1, front.size()}, front.data()));
  Decoder names(front);
  header_blocks_ = Bytes(names.raw(header_bytes));
  if ((flags & kMoreContigs1) != 0) {
    for (uint32_t n = names.fixed<uint32_t>(); n > 0 && names.ok(); --n)
      more_contigs_.emplace_back(names.bytes());
  }
  if (!names.ok() || !names.rest().empty()) return damaged_map("its length is wrong");
  pages_ = std::make_shared<ExtentPages>(static_cast<uint32_t>(extents), begin, read);
  sorted_ = (flags & kMapSorted) != 0;
  if (!sorted_) return {};
  MapOutline outline;
  Extents x = this->extents();
  for (uint32_t i = 0; i < x.size(); ++i) outline.add(x[i]);
  spans_ = outline.take_spans();
  reach_ = outline.take_reach();
  return x.failed();
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
  MEDARC_ASSIGN(const archive::BlobInfo info, blobs.stat(stored));
  return open(info.size, [&blobs, stored](ByteRange range, char* out) -> Status {
    MEDARC_ASSIGN(const auto reader, blobs.open(stored));
    return reader->read(range, out);
  });
}

size_t BlockMap::memory_bytes_max() const {
  return sizeof *this + header_blocks_.size() + spans_.size() * sizeof(ExtentSpan) +
         reach_.size() * sizeof(PageReach) + more_contigs_.size() * 2 * sizeof(std::string) +
         (pages_ ? pages_->memory_bytes_max() : 0);
}

Result<bool> stored_map_sorted(archive::BlobStore& blobs, const Digest& block_map) {
  MEDARC_ASSIGN(const auto reader, blobs.open(block_map));
  Bytes head(kMapMagic.size() + sizeof(uint32_t), '\0'), flags(sizeof(uint32_t), '\0');
  if (reader->size() < head.size() + kMapFootBytes) return damaged_map("its length is wrong");
  MEDARC_TRY(reader->read({0, head.size()}, head.data()));
  if (head.starts_with(kMagic1)) {
    flags = head.substr(kMagic1.size());
  } else {
    MEDARC_TRY(reader->read({reader->size() - kMapFootBytes, flags.size()}, flags.data()));
  }
  return (Decoder(flags).fixed<uint32_t>() & kMapSorted) != 0;
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
  for (const Region& r : regions) {
    query(r, x, out);
    MEDARC_TRY(x.failed());
  }
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

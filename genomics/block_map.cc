#include "genomics/block_map.h"

#include <algorithm>

#include "base/codec.h"

namespace medarc::genomics {
namespace {

constexpr ByteView kMagic = "MEDBMAP1";
constexpr uint32_t kFlagSorted = 1;
constexpr uint32_t kFlagMoreContigs = 2;
constexpr size_t kExtentBytes = 40;

void put(Encoder& e, const Extent& x) {
  e.fixed(x.block_offset);
  e.fixed(static_cast<uint32_t>(x.tid));
  e.fixed(static_cast<uint32_t>(x.min_begin));
  e.fixed(static_cast<uint32_t>(x.max_begin));
  e.fixed(static_cast<uint32_t>(x.min_end));
  e.fixed(static_cast<uint32_t>(x.max_end));
  e.fixed(x.block_bytes_less_1);
  e.fixed(x.first_offset);
  e.fixed(x.plain_bytes);
  e.fixed(x.records);
  e.fixed(x.flags);
}

Extent get(Decoder& d) {
  Extent x;
  x.block_offset = d.fixed<uint64_t>();
  x.tid = static_cast<int32_t>(d.fixed<uint32_t>());
  x.min_begin = static_cast<int32_t>(d.fixed<uint32_t>());
  x.max_begin = static_cast<int32_t>(d.fixed<uint32_t>());
  x.min_end = static_cast<int32_t>(d.fixed<uint32_t>());
  x.max_end = static_cast<int32_t>(d.fixed<uint32_t>());
  x.block_bytes_less_1 = d.fixed<uint16_t>();
  x.first_offset = d.fixed<uint16_t>();
  x.plain_bytes = d.fixed<uint32_t>();
  x.records = d.fixed<uint16_t>();
  x.flags = d.fixed<uint16_t>();
  return x;
}

Error corrupt(const char* what) {
  return make_error(Code::corrupt, std::string("a block map is damaged: ") + what);
}

}  // namespace

BlockMap::BlockMap(bool sorted, Bytes header_blocks, std::vector<Extent> extents,
                   std::vector<std::string> more_contigs)
    : sorted_(sorted),
      header_blocks_(std::move(header_blocks)),
      more_contigs_(std::move(more_contigs)),
      extents_(std::move(extents)) {
  build();
}

void BlockMap::build() {
  const auto count = static_cast<uint32_t>(extents_.size());
  group_end_.assign((count + kGroup - 1) / kGroup, INT32_MIN);
  if (!sorted_) return;
  reach_.resize(count);
  int32_t reach = INT32_MIN;
  for (uint32_t i = 0; i < count; ++i) {
    const Extent& x = extents_[i];
    // A block without a first record lies within the reference around it.
    if (x.records > 0) {
      if (spans_.empty() || spans_.back().tid != x.tid) {
        spans_.push_back({x.tid, i, i});
        reach = INT32_MIN;
      }
      spans_.back().end = i + 1;
      reach = std::max(reach, x.max_end);
      int32_t& group = group_end_[i / kGroup];
      group = std::max(group, x.max_end);
    }
    reach_[i] = reach;
  }
  // A variant file may have its contigs in another order than its header.
  std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) {
    return static_cast<uint32_t>(a.tid) < static_cast<uint32_t>(b.tid);
  });
}

size_t BlockMap::memory_bytes() const {
  return sizeof *this + header_blocks_.size() +
         extents_.size() * (sizeof(Extent) + sizeof(int32_t)) +
         group_end_.size() * sizeof(int32_t) + spans_.size() * sizeof(Span) +
         more_contigs_.size() * 2 * sizeof(std::string);
}

Bytes BlockMap::encode() const {
  Encoder e;
  e.raw(kMagic);
  e.fixed((sorted_ ? kFlagSorted : 0u) | (more_contigs_.empty() ? 0u : kFlagMoreContigs));
  e.fixed(static_cast<uint32_t>(header_blocks_.size()));
  e.fixed(static_cast<uint64_t>(extents_.size()));
  e.raw(header_blocks_);
  if (!more_contigs_.empty()) {
    e.fixed(static_cast<uint32_t>(more_contigs_.size()));
    for (const std::string& name : more_contigs_) e.bytes(name);
  }
  for (const Extent& x : extents_) put(e, x);
  return e.take();
}

Result<BlockMap> BlockMap::decode(ByteView stored) {
  Decoder d(stored);
  if (d.raw(kMagic.size()) != kMagic) return corrupt("it does not start as one");
  const uint32_t flags = d.fixed<uint32_t>();
  const uint32_t header_bytes = d.fixed<uint32_t>();
  const uint64_t count = d.fixed<uint64_t>();
  const ByteView header = d.raw(header_bytes);
  std::vector<std::string> more_contigs;
  if ((flags & kFlagMoreContigs) != 0) {
    for (uint32_t n = d.fixed<uint32_t>(); n > 0 && d.ok(); --n)
      more_contigs.emplace_back(d.bytes());
  }
  if (!d.ok() || count > UINT32_MAX || d.rest().size() != count * kExtentBytes)
    return corrupt("its length is wrong");
  std::vector<Extent> extents;
  extents.reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    extents.push_back(get(d));
    const Extent& x = extents.back();
    const bool follows = i == 0 || x.block_offset >= extents[i - 1].block_offset;
    if (!follows || x.first_offset > x.plain_bytes)
      return corrupt("its extents contradict each other");
  }
  return BlockMap((flags & kFlagSorted) != 0, Bytes(header), std::move(extents),
                  std::move(more_contigs));
}

Result<bool> stored_map_sorted(archive::BlobStore& blobs, const Digest& block_map) {
  MEDARC_ASSIGN(auto reader, blobs.open(block_map));
  Bytes head(kMagic.size() + sizeof(uint32_t), '\0');
  if (reader->size() < head.size()) return corrupt("its length is wrong");
  MEDARC_TRY(reader->read({0, head.size()}, head.data()));
  Decoder d(head);
  if (d.raw(kMagic.size()) != kMagic) return corrupt("it does not start as one");
  return (d.fixed<uint32_t>() & kFlagSorted) != 0;
}

std::pair<uint32_t, uint32_t> BlockMap::span_of(int32_t tid) const {
  const auto found =
      std::lower_bound(spans_.begin(), spans_.end(), tid, [](const Span& s, int32_t t) {
        return static_cast<uint32_t>(s.tid) < static_cast<uint32_t>(t);
      });
  if (found == spans_.end() || found->tid != tid) return {0, 0};
  return {found->begin, found->end};
}

std::vector<Touched> BlockMap::query(const std::vector<Region>& regions) const {
  std::vector<Touched> out;
  for (const Region& r : regions) {
    const auto [begin, end] = span_of(r.tid);
    if (r.tid == kUnplaced) {
      for (uint32_t i = begin; i < end; ++i) {
        if (extents_[i].records > 0) out.push_back({i, true});
      }
      continue;
    }
    const auto from = static_cast<int32_t>(r.begin), to = static_cast<int32_t>(r.end);
    uint32_t i = static_cast<uint32_t>(
        std::upper_bound(reach_.begin() + begin, reach_.begin() + end, from) - reach_.begin());
    while (i < end) {
      if (i % kGroup == 0 && group_end_[i / kGroup] <= from && i + kGroup <= end) {
        i += kGroup;
        continue;
      }
      const Extent& x = extents_[i];
      if (x.records > 0) {
        if (x.min_begin >= to) break;
        if (x.max_end > from) out.push_back({i, x.max_begin < to && x.min_end > from});
      }
      ++i;
    }
  }
  // Regions of one reference may touch the same extents.
  std::stable_sort(out.begin(), out.end(),
                   [](const Touched& a, const Touched& b) { return a.extent < b.extent; });
  size_t kept = 0;
  for (const Touched& t : out) {
    if (kept > 0 && out[kept - 1].extent == t.extent) {
      out[kept - 1].whole = out[kept - 1].whole || t.whole;
    } else {
      out[kept++] = t;
    }
  }
  out.resize(kept);
  return out;
}

std::vector<Touched> BlockMap::everything() const {
  std::vector<Touched> out;
  for (uint32_t i = 0; i < extents_.size(); ++i) {
    if (extents_[i].records > 0) out.push_back({i, true});
  }
  return out;
}

Place BlockMap::end_of(uint32_t extent) const {
  uint32_t i = extent + 1;
  while (i < extents_.size() && extents_[i].records == 0) ++i;
  return {i, i < extents_.size() ? extents_[i].first_offset : 0u};
}

void BlockMapBuilder::begin_block(uint64_t offset, uint32_t block_bytes, uint32_t plain_bytes) {
  end_block();
  block_ = Extent{};
  block_.block_offset = offset;
  block_.block_bytes_less_1 = static_cast<uint16_t>(block_bytes - 1);
  block_.plain_bytes = plain_bytes;
  in_block_ = true;
  any_run_ = false;
}

void BlockMapBuilder::end_block() {
  if (in_block_) extents_.push_back(any_run_ ? run_ : block_);
  in_block_ = false;
}

void BlockMapBuilder::add(const RecordFacts& r, uint32_t offset) {
  if (!any_run_ || run_.tid != r.tid) {
    if (any_run_) extents_.push_back(run_);
    run_ = block_;
    run_.tid = r.tid;
    run_.first_offset = static_cast<uint16_t>(offset);
    run_.min_begin = run_.max_begin = r.begin;
    run_.min_end = run_.max_end = r.end;
    any_run_ = true;
  }
  run_.min_begin = std::min(run_.min_begin, r.begin);
  run_.max_begin = std::max(run_.max_begin, r.begin);
  run_.min_end = std::min(run_.min_end, r.end);
  run_.max_end = std::max(run_.max_end, r.end);
  ++run_.records;
  if ((r.flag & kUnmapped) != 0) run_.flags |= kHasUnmapped;
}

std::vector<Extent> BlockMapBuilder::take() {
  end_block();
  return std::move(extents_);
}

}  // namespace medarc::genomics

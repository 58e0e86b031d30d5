#include "genomics/bam_index.h"

#include <algorithm>

#include "genomics/bgzf.h"

namespace medarc::genomics {

template <class T>
void BamIndexBuilder::put(Bytes& out, T v) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(v >> (8 * i));
}

int csi_depth(uint64_t bases) {
  int depth = 5;
  while (bases > uint64_t{1} << (14 + 3 * depth)) ++depth;
  return depth;
}

BamIndexBuilder::BamIndexBuilder(bool csi, int depth, size_t references_count)
    : references_count_(references_count),
      csi_(csi),
      depth_(csi ? depth : 5),
      position_end_max_(uint64_t{1} << (kMinShift + 3 * depth_)) {}

BamIndexBuilder::BamIndexBuilder(const std::vector<Reference>& references)
    : references_count_(references.size()) {
  uint64_t longest = 0;
  for (const Reference& r : references) longest = std::max<uint64_t>(longest, r.bases);
  csi_ = longest > kBaiBasesMax;
  if (csi_) depth_ = csi_depth(longest);
  position_end_max_ = uint64_t{1} << (kMinShift + 3 * depth_);
}

void BamIndexBuilder::put_csi_head(Bytes& out, ByteView auxiliary) const {
  out += Bytes("CSI\1", 4);
  put(out, static_cast<uint32_t>(kMinShift));
  put(out, static_cast<uint32_t>(depth_));
  put(out, static_cast<uint32_t>(auxiliary.size()));
  out += auxiliary;
}

void BamIndexBuilder::put_empty(Bytes& out) const {
  put(out, uint32_t{0});
  if (!csi_) put(out, uint32_t{0});
}

uint32_t BamIndexBuilder::bin_of(uint32_t begin, uint32_t end) const {
  --end;
  int shift = kMinShift;
  uint32_t first = ((1u << 3 * depth_) - 1) / 7;
  for (int level = depth_; level > 0; --level) {
    if (begin >> shift == end >> shift) return first + (begin >> shift);
    shift += 3;
    first -= 1u << 3 * (level - 1);
  }
  return 0;
}

void BamIndexBuilder::add(const RecordFacts& r, VirtualOffset at, VirtualOffset end) {
  if (r.tid != tid_) {
    end_reference();
    tid_ = r.tid;
    first_ = at;
  }
  last_ = end;
  if (r.tid < 0) {
    ++unplaced_;
    return;
  }
  ++((r.flag & kUnmapped) != 0 ? unmapped_ : mapped_);
  // A record on a reference but without a position is kept findable under the first base.
  const auto cut = static_cast<int64_t>(position_end_max_);
  const auto from = static_cast<uint32_t>(std::clamp<int64_t>(r.begin, 0, cut - 1));
  const auto to = static_cast<uint32_t>(std::clamp<int64_t>(r.end, int64_t{from} + 1, cut));
  // Sorted by begin: the first record to reach a window is its first one, and windows nobody has
  // reached lie before everything that follows.
  const size_t windows = ((to - 1) >> kMinShift) + 1;
  if (windows_.size() < windows) windows_.resize(windows, at);
  const uint32_t bin = bin_of(from, to);
  if (!chunk_open_ || bin != bin_) {
    end_chunk();
    bin_ = bin;
    chunk_begin_ = at;
    chunk_open_ = true;
  }
  chunk_end_ = end;
}

void BamIndexBuilder::end_chunk() {
  if (!chunk_open_) return;
  chunk_open_ = false;
  std::vector<Chunk>& chunks = bins_[bin_];
  // Chunks that meet in one block are read as one anyway.
  if (!chunks.empty() && chunks.back().end >> 16 >= chunk_begin_ >> 16) {
    chunks.back().end = chunk_end_;
  } else {
    chunks.push_back({chunk_begin_, chunk_end_});
  }
}

void BamIndexBuilder::end_reference() {
  end_chunk();
  if (tid_ < 0) return;
  Bytes& out = bodies_.emplace_back(Body{tid_, {}}).bytes;
  std::vector<uint32_t> order;
  for (const auto& [bin, unused] : bins_) order.push_back(bin);
  std::sort(order.begin(), order.end());
  put(out, static_cast<uint32_t>(order.size() + 1));
  for (const uint32_t bin : order) {
    put(out, bin);
    if (csi_) {
      // The least offset of a record overlapping the bin's first window.
      uint32_t first = 0;
      int level = 0;
      while (level < depth_ && bin >= first + (1u << 3 * level)) first += 1u << 3 * level++;
      const size_t window = static_cast<size_t>(bin - first) << 3 * (depth_ - level);
      put(out, window < windows_.size() ? windows_[window] : bins_[bin].front().begin);
    }
    const std::vector<Chunk>& chunks = bins_[bin];
    put(out, static_cast<uint32_t>(chunks.size()));
    for (const Chunk& c : chunks) {
      put(out, c.begin);
      put(out, c.end);
    }
  }
  // The pseudo-bin: where the reference's records are, and how many.
  put(out, ((1u << 3 * (depth_ + 1)) - 1) / 7 + 1);
  if (csi_) put(out, uint64_t{0});
  put(out, uint32_t{2});
  put(out, first_);
  put(out, last_);
  put(out, mapped_);
  put(out, unmapped_);
  if (!csi_) {
    put(out, static_cast<uint32_t>(windows_.size()));
    for (const VirtualOffset w : windows_) put(out, w);
  }
  bins_.clear();
  windows_.clear();
  mapped_ = unmapped_ = 0;
}

Bytes BamIndexBuilder::finish() {
  end_reference();
  tid_ = -1;
  Bytes out;
  if (csi_) {
    put_csi_head(out, {});
  } else {
    out = Bytes("BAI\1", 4);
  }
  put(out, static_cast<uint32_t>(references_count_));
  // A BCF may have its contigs in another order than its header.
  std::vector<const Body*> by_id(references_count_);
  for (const Body& body : bodies_) by_id.at(static_cast<size_t>(body.tid)) = &body;
  for (const Body* body : by_id) {
    if (body == nullptr) {
      put_empty(out);
    } else {
      out += body->bytes;
    }
  }
  put(out, unplaced_);
  if (!csi_) return out;
  Bytes packed;
  BgzfDeflater().deflate(out, packed);
  packed += kBgzfEof;
  return packed;
}

Bytes BamIndexBuilder::finish_lines(const std::vector<Reference>& references,
                                    const LineColumns& lines) {
  end_reference();
  tid_ = -1;
  Bytes names;
  for (const Body& body : bodies_) names += references[static_cast<size_t>(body.tid)].name + '\0';
  Bytes columns;
  for (const uint32_t v :
       {lines.preset, lines.contig, lines.begin, lines.end, uint32_t{'#'}, lines.skip}) {
    put(columns, v);
  }
  put(columns, static_cast<uint32_t>(names.size()));
  columns += names;
  Bytes out;
  const auto count = static_cast<uint32_t>(bodies_.size());
  if (csi_) {
    put_csi_head(out, columns);
    put(out, count);
  } else {
    out = Bytes("TBI\1", 4);
    put(out, count);
    out += columns;
  }
  for (const Body& body : bodies_) out += body.bytes;
  put(out, unplaced_);
  Bytes packed;
  BgzfDeflater().deflate(out, packed);
  packed += kBgzfEof;
  return packed;
}

}  // namespace medarc::genomics

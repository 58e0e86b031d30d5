#include "genomics/slice.h"

#include <algorithm>
#include <set>

#include "genomics/bgzf.h"

namespace medarc::genomics {
namespace {

// The first of merged regions that ends behind `begin`.
std::vector<Region>::const_iterator first_behind(const std::vector<Region>& regions, int32_t tid,
                                                 int64_t begin) {
  const auto place = static_cast<uint32_t>(tid);  // unplaced reads are last
  return std::upper_bound(
      regions.begin(), regions.end(), place, [&](uint32_t p, const Region& region) {
        const auto other = static_cast<uint32_t>(region.tid);
        return p != other ? p < other : begin < int64_t{region.end};
      });
}

bool overlaps(const RecordFacts& r, const std::vector<Region>& regions) {
  const auto found = first_behind(regions, r.tid, r.begin);
  if (found == regions.end() || found->tid != r.tid) return false;
  return r.tid == kUnplaced || int64_t{found->begin} < int64_t{r.end};
}

Error corrupt() { return make_error(Code::corrupt, "a stored BAM and its block map do not agree"); }

// Inflates the blocks of one fragment after the other.
class PlainReader {
 public:
  PlainReader(const std::vector<Extent>& extents, archive::BlobReader& file)
      : x_(extents), file_(file) {}

  // Exactly the fragment's plain bytes, until the next call.
  Result<ByteView> read(const Fragment& f) {
    if (f.begin.extent >= x_.size()) return corrupt();
    uint32_t last = f.end.extent;  // one behind the last block's extents
    if (last < x_.size() && f.end.offset > 0) {
      ++last;
    }
    const uint64_t from = x_[f.begin.extent].block_offset;
    uint64_t to = from, plain_bytes = 0, plain_of_last = 0;
    for (uint32_t e = f.begin.extent; e < last; ++e) {
      if (x_[e].block_offset < to) continue;  // another extent of the same block
      to = x_[e].block_offset + x_[e].block_bytes();
      plain_of_last = x_[e].plain_bytes;
      plain_bytes += plain_of_last;
    }
    packed_.resize(to - from);
    MEDARC_TRY(file_.read({from, to - from}, packed_.data()));
    plain_.resize(plain_bytes);
    size_t at = 0;
    uint64_t done = from;
    for (uint32_t e = f.begin.extent; e < last; ++e) {
      const Extent& x = x_[e];
      if (x.block_offset < done) continue;
      const ByteView block = ByteView(packed_).substr(x.block_offset - from, x.block_bytes());
      if (read_bgzf_footer(block).plain_bytes != x.plain_bytes) return corrupt();
      MEDARC_TRY(inflater_.inflate(block, plain_.data() + at));
      at += x.plain_bytes;
      done = x.block_offset + x.block_bytes();
    }
    const size_t cut = f.end.offset > 0 ? plain_of_last - f.end.offset : 0;
    if (f.begin.offset + cut > plain_.size()) return corrupt();
    return ByteView(plain_).substr(f.begin.offset, plain_.size() - f.begin.offset - cut);
  }

 private:
  const std::vector<Extent>& x_;
  archive::BlobReader& file_;
  const BgzfInflater inflater_;
  Bytes packed_, plain_;
};

Status append_records(ByteView plain, bool filter, const Slice& slice, Bytes& out) {
  while (!plain.empty()) {
    if (plain.size() < 4) return corrupt();
    const auto* u = reinterpret_cast<const uint8_t*>(plain.data());
    const size_t bytes = 4 + (u[0] | size_t{u[1]} << 8 | size_t{u[2]} << 16 | size_t{u[3]} << 24);
    if (bytes < 4 + kRecordBytesMin || bytes > plain.size()) return corrupt();
    const ByteView record = plain.substr(0, bytes);
    plain.remove_prefix(bytes);
    if (filter && !overlaps(facts_of(record.substr(4)), slice.regions)) continue;
    if (slice.mask.active()) {
      slice.mask.append(record, out);
    } else {
      out.append(record);
    }
  }
  return {};
}

class SliceSource final : public ByteSource {
 public:
  SliceSource(Slice slice, std::unique_ptr<archive::BlobReader> reader)
      : slice_(std::move(slice)), reader_(std::move(reader)), ready_(slice_.set->map.header_blocks()) {
    coded_.resize(slice_.plan.pieces.size());
  }

  // Codes every piece now and answers the length of the whole.
  Result<uint64_t> code_all() {
    uint64_t bytes = ready_.size() + kBgzfEof.size() + slice_.plan.verbatim_bytes;
    for (size_t i = 0; i < coded_.size(); ++i) {
      const Piece& piece = slice_.plan.pieces[i];
      if (piece.verbatim.length > 0) continue;
      MEDARC_ASSIGN(coded_[i], recode(piece, slice_, *reader_));
      bytes += coded_[i]->size();
    }
    return bytes;
  }

  Result<size_t> read(char* out, size_t capacity) override {
    size_t done = 0;
    while (done < capacity) {
      if (ready_at_ < ready_.size()) {
        const size_t n = ready_.copy(out + done, capacity - done, ready_at_);
        ready_at_ += n;
        done += n;
      } else if (run_.length > 0) {
        const uint64_t n = std::min<uint64_t>(run_.length, capacity - done);
        MEDARC_TRY(reader_->read({run_.begin, n}, out + done));
        run_ = {run_.begin + n, run_.length - n};
        done += n;
      } else {
        MEDARC_ASSIGN(const bool more, advance());
        if (!more) break;
      }
    }
    return done;
  }

 private:
  Result<bool> advance() {
    ready_.clear();
    ready_at_ = 0;
    if (next_ == slice_.plan.pieces.size()) {
      if (ended_) return false;
      ended_ = true;
      ready_ = Bytes(kBgzfEof);
      return true;
    }
    const Piece& piece = slice_.plan.pieces[next_];
    if (piece.verbatim.length > 0) {
      run_ = piece.verbatim;
    } else if (coded_[next_]) {
      ready_ = std::move(*coded_[next_]);
    } else {
      MEDARC_ASSIGN(ready_, recode(piece, slice_, *reader_));
    }
    ++next_;
    return true;
  }

  const Slice slice_;
  const std::unique_ptr<archive::BlobReader> reader_;
  Bytes ready_;                 // bytes to send before anything else
  size_t ready_at_ = 0;
  ByteRange run_;               // then this much of the file
  size_t next_ = 0;             // then this piece
  bool ended_ = false;
  std::vector<std::optional<Bytes>> coded_;
};

}  // namespace

Result<Slice> make_slice(std::shared_ptr<const ReadSet> set, const Selection& selection,
                         const Limits& limits, PlanOptions options) {
  Slice slice{std::move(set), {}, selection.mask, {}};
  const BlockMap& map = slice.set->map;
  options.recode_all = selection.mask.active();
  if (!selection.regions) {
    slice.plan = plan_slice(map, map.everything(), options);
    return slice;
  }
  if (selection.regions->size() > limits.regions_max) {
    return make_error(Code::too_large, "more than genomics.regions_max regions");
  }
  slice.regions = merge_regions(*selection.regions);
  if (!map.sorted()) {
    return make_error(Code::unsupported,
                      "the file is not sorted by coordinate (notSortedByCoordinate), so it has no regions");
  }
  slice.plan = plan_slice(map, map.query(slice.regions), options);
  return slice;
}

Result<Bytes> recode(const Piece& piece, const Slice& slice, archive::BlobReader& file) {
  PlainReader reader(slice.set->map.extents(), file);
  Bytes plain;
  for (const Fragment& f : piece.fragments) {
    MEDARC_ASSIGN(const ByteView bytes, reader.read(f));
    if (f.filter || slice.mask.active()) {
      MEDARC_TRY(append_records(bytes, f.filter, slice, plain));
    } else {
      plain.append(bytes);
    }
  }
  Bytes out;
  thread_local const BgzfDeflater deflater;
  deflater.deflate(plain, out);
  return out;
}

std::vector<Region> regions_of(const Piece& piece, const Slice& slice) {
  const std::vector<Extent>& x = slice.set->map.extents();
  std::set<size_t> wanted;
  for (const Fragment& f : piece.fragments) {
    if (!f.filter) continue;
    // Up to and with the last extent of the block where the fragment ends.
    for (uint32_t e = f.begin.extent; e < x.size() && x[e].block_offset <= x[std::min<size_t>(f.end.extent, x.size() - 1)].block_offset; ++e) {
      const auto first = first_behind(slice.regions, x[e].tid, x[e].min_begin);
      for (auto r = first; r != slice.regions.end() && r->tid == x[e].tid; ++r) {
        if (r->tid != kUnplaced && int64_t{r->begin} >= int64_t{x[e].max_end}) break;
        wanted.insert(static_cast<size_t>(r - slice.regions.begin()));
      }
    }
  }
  std::vector<Region> out;
  for (const size_t i : wanted) out.push_back(slice.regions[i]);
  return out;
}

Result<SliceContent> open_slice(Slice slice, std::unique_ptr<archive::BlobReader> reader,
                                const Limits& limits) {
  const bool eager = slice.plan.recode_plain_bytes <= limits.recode_eager_bytes_max;
  auto source = std::make_unique<SliceSource>(std::move(slice), std::move(reader));
  SliceContent out;
  if (eager) {
    MEDARC_ASSIGN(out.bytes, source->code_all());
  }
  out.source = std::move(source);
  return out;
}

}  // namespace medarc::genomics

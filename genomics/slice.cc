#include "genomics/slice.h"

#include <algorithm>
#include <set>

#include "genomics/bgzf.h"
#include "genomics/overlap.h"
#include "genomics/plain_reader.h"
#include "genomics/withheld.h"

namespace medarc::genomics {
namespace {

Status append_records(ByteView plain, bool filter, const Slice& slice, Bytes& out) {
  const ReadSet& set = *slice.set;
  while (!plain.empty()) {
    const size_t bytes = record_bytes(set.form, plain);
    if (bytes == 0) return map_contradicted();
    const ByteView record = plain.substr(0, bytes);
    plain.remove_prefix(bytes);
    if (filter && !slice.wants(place_of(set.form, set.header, record))) continue;
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
      : slice_(std::move(slice)), reader_(std::move(reader)), ready_(header_blocks(slice_)) {
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
  Bytes ready_;  // bytes to send before anything else
  size_t ready_at_ = 0;
  ByteRange run_;    // then this much of the file
  size_t next_ = 0;  // then this piece
  bool ended_ = false;
  std::vector<std::optional<Bytes>> coded_;
};

}  // namespace

bool Slice::wants(const RecordFacts& place) const {
  return (everything || overlaps(place, regions)) && !overlaps(place, withheld);
}

Result<Slice> make_slice(std::shared_ptr<const ReadSet> set, const Selection& selection,
                         const Limits& limits, PlanOptions options) {
  Slice slice{std::move(set), !selection.regions, {}, selection.mask};
  slice.withheld = slice.set->withheld;
  if (!selection.withheld.empty()) {
    slice.withheld.insert(slice.withheld.end(), selection.withheld.begin(),
                          selection.withheld.end());
    slice.withheld = merge_regions(slice.withheld);
  }
  const BlockMap& map = slice.set->map;
  if (selection.form && *selection.form != slice.set->form.kind) {
    MEDARC_ASSIGN(slice.recoder, VariantRecoder::make(*slice.set, *selection.form, limits));
  }
  options.recode_all = options.recode_all || selection.mask.active() || slice.recoder;
  if (!selection.regions) {
    MEDARC_ASSIGN(const auto touched, touched_by(slice));
    MEDARC_ASSIGN(slice.plan, plan_slice(map, touched, options));
    return slice;
  }
  if (selection.regions->size() > limits.regions_max) {
    return make_error(Code::too_large, "more than genomics.regions_max regions");
  }
  slice.regions = merge_regions(*selection.regions);
  if (slice.regions.empty()) return slice;  // the header alone
  const RecordForm& form = slice.set->form;
  if (!map.sorted()) {
    return make_error(Code::unsupported,
                      std::string("the file is not sorted by coordinate (") +
                          (form.reads() ? "notSortedByCoordinate" : "notSortedByPosition") +
                          "), so it has no regions");
  }
  if (!form.reads() && slice.regions.back().tid == kUnplaced) {
    return make_error(Code::not_found,
                      std::string("region: ") + records_called(form) + " all have a place");
  }
  MEDARC_ASSIGN(const auto touched, touched_by(slice));
  MEDARC_ASSIGN(slice.plan, plan_slice(map, touched, options));
  return slice;
}

const Bytes& header_blocks(const Slice& slice) {
  return slice.recoder ? slice.recoder->header_blocks() : slice.set->map.header_blocks();
}

Result<std::vector<Touched>> touched_by(const Slice& slice) {
  const BlockMap& map = slice.set->map;
  MEDARC_ASSIGN(std::vector<Touched> out,
                slice.everything ? map.everything() : map.query(slice.regions));
  MEDARC_TRY(leave_out(slice.withheld, map, out));
  return out;
}

Result<Bytes> records_of(const Piece& piece, const Slice& slice, archive::BlobReader& file) {
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
  return plain;
}

Result<Bytes> recode(const Piece& piece, const Slice& slice, archive::BlobReader& file) {
  MEDARC_ASSIGN(Bytes plain, records_of(piece, slice, file));
  if (slice.recoder) {
    MEDARC_ASSIGN(plain, slice.recoder->records(plain));
  }
  Bytes out;
  thread_local const BgzfDeflater deflater;  // fast: somebody waits, and edges are few
  deflater.deflate(plain, out);
  return out;
}

namespace {

// Those of merged regions that records of the piece can overlap.
Result<std::vector<Region>> reached(const Piece& piece, const Slice& slice,
                                    const std::vector<Region>& regions) {
  Extents extents = slice.set->map.extents();
  std::set<size_t> wanted;
  for (const Fragment& f : piece.fragments) {
    if (!f.filter) continue;
    // Up to and with the last extent of the block where the fragment ends.
    const uint32_t last = std::min(f.end.extent, extents.size() - 1);
    const uint64_t last_offset = extents[last].block_offset;
    for (uint32_t e = f.begin.extent; e < extents.size(); ++e) {
      const Extent x = extents[e];
      if (x.block_offset > last_offset) break;
      const auto first = first_behind(regions, x.tid, x.min_begin);
      for (auto r = first; r != regions.end() && r->tid == x.tid; ++r) {
        if (r->tid != kUnplaced && int64_t{r->begin} >= int64_t{x.max_end}) break;
        wanted.insert(static_cast<size_t>(r - regions.begin()));
      }
    }
  }
  MEDARC_TRY(extents.failed());
  std::vector<Region> out;
  for (const size_t i : wanted) out.push_back(regions[i]);
  return out;
}

}  // namespace

Result<std::vector<Region>> regions_of(const Piece& piece, const Slice& slice) {
  return reached(piece, slice, slice.regions);
}

Result<std::vector<Region>> withheld_of(const Piece& piece, const Slice& slice) {
  // Blocks of a file that is not sorted do not say where their records lie.
  if (!slice.set->map.sorted()) return slice.withheld;
  return reached(piece, slice, slice.withheld);
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

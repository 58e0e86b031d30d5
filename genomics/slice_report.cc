#include "genomics/slice_report.h"

#include <algorithm>
#include <map>

#include "genomics/plain_reader.h"

namespace medarc::genomics {
namespace {

class Reporter {
 public:
  Reporter(const Slice& slice, archive::BlobReader& file)
      : slice_(slice), x_(slice.set->map.extents()), reader_(x_, file) {}

  Status look(const Touched& touched) {
    const Place begin = x_.begin_of(touched.extent), end = x_.end_of(touched.extent);
    const uint64_t records = x_[touched.extent].records;
    MEDARC_TRY(x_.failed());
    if (touched.whole) {
      out_.records_sent += records;
      for (uint32_t e = begin.extent; e < x_.size() && e <= end.extent; ++e) {
        const Extent x = x_[e];
        if (e < end.extent || end.offset > 0) hold(x.block_offset, x.block_bytes());
      }
      return x_.failed();
    }
    MEDARC_ASSIGN(const uint64_t sent, count(begin, end));
    out_.records_sent += sent;
    out_.records_withheld += records - std::min(sent, records);
    return {};
  }

  SliceReport take() {
    out_.blocks = held_.size();
    for (const auto& [offset, bytes] : held_) out_.floor_bytes += bytes;
    return out_;
  }

 private:
  void hold(uint64_t offset, uint32_t bytes) { held_.emplace(offset, bytes); }

  // Overlapping records of a fragment; the blocks they lie in are held.
  Result<uint64_t> count(Place begin, Place end) {
    // Fragments begin with the first extent of their block.
    while (begin.extent > 0 && x_[begin.extent - 1].block_offset == x_[begin.extent].block_offset) {
      --begin.extent;
    }
    MEDARC_TRY(x_.failed());
    MEDARC_ASSIGN(const ByteView plain, reader_.read({begin, end, true}));
    uint64_t sent = 0;
    size_t block = 0;
    for (size_t at = 0; at < plain.size();) {
      const ByteView rest = plain.substr(at);
      const size_t bytes = record_bytes(slice_.set->form, rest);
      if (bytes == 0) return map_contradicted();
      const auto place = place_of(slice_.set->form, slice_.set->header, rest.substr(0, bytes));
      if (slice_.wants(place)) {
        ++sent;
        const auto& blocks = reader_.blocks();
        const auto from = static_cast<int64_t>(at), to = static_cast<int64_t>(at + bytes);
        while (block + 1 < blocks.size() && blocks[block + 1].plain_begin <= from) ++block;
        for (size_t b = block; b < blocks.size() && blocks[b].plain_begin < to; ++b) {
          hold(blocks[b].offset, blocks[b].block_bytes);
        }
      }
      at += bytes;
    }
    return sent;
  }

  const Slice& slice_;
  Extents x_;
  PlainReader reader_;
  std::map<uint64_t, uint32_t> held_;  // blocks: offset, bytes
  SliceReport out_;
};

}  // namespace

double SliceReport::ratio() const {
  if (floor_bytes == 0) return 1;
  return static_cast<double>(body_bytes()) / static_cast<double>(floor_bytes);
}

Result<SliceReport> report_slice(const Slice& slice, archive::BlobReader& file,
                                 const Limits& limits) {
  if (slice.plan.recode_plain_bytes > limits.recode_eager_bytes_max) {
    return make_error(
        Code::too_large,
        "more than genomics.recode_eager_bytes_max to code again: ask for less at a time");
  }
  Reporter reporter(slice, file);
  MEDARC_ASSIGN(const auto touched, touched_by(slice));
  for (const Touched& one : touched) MEDARC_TRY(reporter.look(one));
  SliceReport out = reporter.take();
  out.header_bytes = slice.set->map.header_blocks().size();
  out.verbatim_bytes = slice.plan.verbatim_bytes;
  out.recoded_plain_bytes = slice.plan.recode_plain_bytes;
  for (const Piece& piece : slice.plan.pieces) {
    if (piece.verbatim.length > 0) continue;
    MEDARC_ASSIGN(const Bytes coded, recode(piece, slice, file));
    out.recoded_bytes += coded.size();
  }
  return out;
}

}  // namespace medarc::genomics

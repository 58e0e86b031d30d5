#include "genomics/slice_plan.h"

#include <algorithm>

namespace medarc::genomics {
namespace {

class Planner {
 public:
  Planner(const BlockMap& map, const PlanOptions& options) : x_(map.extents()), options_(options) {}

  void add(const std::vector<Touched>& touched) {
    for (size_t i = 0; i < touched.size() && x_.failed().has_value();) {
      const Place begin = x_.begin_of(touched[i].extent);
      Place end = x_.end_of(touched[i].extent);
      if (!touched[i].whole) {
        partly(begin, end);
        ++i;
        continue;
      }
      size_t next = i + 1;
      while (next < touched.size() && touched[next].whole &&
             x_.begin_of(touched[next].extent) == end) {
        end = x_.end_of(touched[next++].extent);
      }
      whole(begin, end);
      i = next;
    }
  }

  Result<SlicePlan> take() {
    MEDARC_TRY(x_.failed());
    return std::move(plan_);
  }

 private:
  // Records from `begin` to `end`, all of them wanted.
  void whole(Place begin, Place end) {
    begin.extent = first_of_block(begin.extent);
    end.extent = first_of_block(end.extent);
    if (options_.recode_all) return recode_by_block(begin, end);
    if (begin.extent == end.extent) return recode({begin, end, false});
    if (begin.offset > 0) {
      const Place next{next_block(begin.extent), 0};
      recode({begin, next, false});
      begin = next;
    }
    for (; begin.extent < end.extent; begin.extent = next_block(begin.extent)) {
      verbatim(x_[begin.extent]);
    }
    if (end.offset > 0) recode({begin, end, false});
  }

  void partly(Place begin, Place end) {
    begin.extent = first_of_block(begin.extent);
    end.extent = first_of_block(end.extent);
    recode({begin, end, true});
  }

  uint32_t first_of_block(uint32_t extent) {
    while (extent < x_.size() && extent > 0 &&
           x_[extent - 1].block_offset == x_[extent].block_offset) {
      --extent;
    }
    return extent;
  }
  uint32_t next_block(uint32_t extent) {
    const uint64_t offset = x_[extent].block_offset;
    while (extent < x_.size() && x_[extent].block_offset == offset) ++extent;
    return extent;
  }

  void verbatim(const Extent& block) {
    plan_.verbatim_bytes += block.block_bytes();
    if (!plan_.pieces.empty()) {
      ByteRange& last = plan_.pieces.back().verbatim;
      if (last.length > 0 && last.end() == block.block_offset &&
          last.length < options_.piece_verbatim_bytes_max) {
        last.length += block.block_bytes();
        return;
      }
    }
    plan_.pieces.push_back({{block.block_offset, block.block_bytes()}, {}, 0});
  }

  void recode(const Fragment& f) {
    uint64_t plain = 0;
    for (uint32_t e = f.begin.extent; e < x_.size() && e <= f.end.extent; e = next_block(e)) {
      if (e == f.end.extent && f.end.offset == 0) break;
      plain += x_[e].plain_bytes;
    }
    plan_.recode_plain_bytes += plain;
    if (plan_.pieces.empty() || plan_.pieces.back().verbatim.length > 0 ||
        plan_.pieces.back().plain_bytes + plain > options_.piece_plain_bytes_max) {
      plan_.pieces.emplace_back();
    }
    Piece& piece = plan_.pieces.back();
    piece.plain_bytes += plain;
    piece.fragments.push_back(f);
  }

  // Fragments of about a block each, from record to record, so that pieces stay bounded.
  void recode_by_block(Place begin, Place end) {
    for (uint32_t e = next_block(begin.extent); e < end.extent; e = next_block(e)) {
      if (x_[e].records == 0) continue;
      const Place next{e, x_[e].first_offset};
      recode({begin, next, false});
      begin = next;
    }
    recode({begin, end, false});
  }

  Extents x_;
  const PlanOptions options_;
  SlicePlan plan_;
};

}  // namespace

Result<SlicePlan> plan_slice(const BlockMap& map, const std::vector<Touched>& touched,
                             const PlanOptions& options) {
  Planner planner(map, options);
  planner.add(touched);
  return planner.take();
}

}  // namespace medarc::genomics

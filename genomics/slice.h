// The bytes of a reads slice, following its plan: a whole, valid BAM file.
#pragma once

#include <memory>
#include <optional>

#include "genomics/read_set.h"
#include "genomics/record_mask.h"
#include "genomics/slice_plan.h"

namespace medarc::genomics {

// What is asked of a read set. Without regions: everything.
struct Selection {
  std::optional<std::vector<Region>> regions;  // any order; may overlap
  RecordMask mask;
};

struct Slice {
  std::shared_ptr<const ReadSet> set;
  std::vector<Region> regions;  // merged
  RecordMask mask;
  SlicePlan plan;
};
// Errors: unsupported when regions are asked of a file that is not sorted by coordinate; too_large
// (regions_max).
Result<Slice> make_slice(std::shared_ptr<const ReadSet> set, const Selection& selection,
                         const Limits& limits, PlanOptions options = {});

// The piece's BGZF blocks, coded again. Cost follows the piece.
Result<Bytes> recode(const Piece& piece, const Slice& slice, archive::BlobReader& file);

// Those of the slice's regions that records of the piece can overlap.
std::vector<Region> regions_of(const Piece& piece, const Slice& slice);

struct SliceContent {
  std::unique_ptr<ByteSource> source;
  std::optional<uint64_t> bytes;  // known when little is coded again (recode_eager_bytes_max)
};
// Header, pieces, end marker. `reader` is of the read set's content.
Result<SliceContent> open_slice(Slice slice, std::unique_ptr<archive::BlobReader> reader,
                                const Limits& limits);

}  // namespace medarc::genomics

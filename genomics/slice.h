// The bytes of a slice of reads, variants or features, following its plan: a whole, valid file of
// the same format, or of variants of the other.
#pragma once

#include <memory>
#include <optional>

#include "genomics/read_set.h"
#include "genomics/record_mask.h"
#include "genomics/slice_plan.h"
#include "genomics/variant_recoder.h"

namespace medarc::genomics {

// What is asked of a read set. Without regions: everything.
struct Selection {
  std::optional<std::vector<Region>> regions;  // any order; may overlap
  RecordMask mask;                             // of reads; others have none
  // Variants in another form than they are stored in; none: as stored.
  std::optional<RecordForm::Kind> form = {};
  std::vector<Region> withheld = {};  // left out beside those of the set
};

struct Slice {
  std::shared_ptr<const ReadSet> set;
  bool everything = false;      // no regions were asked for
  std::vector<Region> regions;  // merged
  RecordMask mask;
  std::vector<Region> withheld = {};  // of the set
  SlicePlan plan = {};
  std::shared_ptr<const VariantRecoder> recoder = nullptr;  // null: records stay in their form
  // Whether a record of this place is part of the slice.
  bool wants(const RecordFacts& place) const;
};
// Errors: unsupported when regions are asked of a file that is not sorted by coordinate, or records
// that are no variants in another form; too_large (regions_max); not_found when unplaced records
// are asked of a file that is not of reads. A mask is for reads only.
Result<Slice> make_slice(std::shared_ptr<const ReadSet> set, const Selection& selection,
                         const Limits& limits, PlanOptions options = {});

// BGZF blocks of its header.
const Bytes& header_blocks(const Slice& slice);

// The extents the slice was planned from. Errors here and below: corrupt, and those of the store.
Result<std::vector<Touched>> touched_by(const Slice& slice);

// The piece's plain bytes: whole records, each with its block_size, as far as the piece was planned
// so (PlanOptions::recode_all). Errors: corrupt, and those of the store.
Result<Bytes> records_of(const Piece& piece, const Slice& slice, archive::BlobReader& file);

// The piece's BGZF blocks, coded again. Cost follows the piece.
Result<Bytes> recode(const Piece& piece, const Slice& slice, archive::BlobReader& file);

// Those of the slice's regions that records of the piece can overlap; likewise of those withheld.
Result<std::vector<Region>> regions_of(const Piece& piece, const Slice& slice);
Result<std::vector<Region>> withheld_of(const Piece& piece, const Slice& slice);

struct SliceContent {
  std::unique_ptr<ByteSource> source;
  std::optional<uint64_t> bytes;  // known when little is coded again (recode_eager_bytes_max)
};
// Header, pieces, end marker. `reader` is of the read set's content.
Result<SliceContent> open_slice(Slice slice, std::unique_ptr<archive::BlobReader> reader,
                                const Limits& limits);

}  // namespace medarc::genomics

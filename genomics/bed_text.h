// A slice of a BED file as text, made while it is read: its lines, or JSON with an object for each
// record: {"chrom","start","end","columns":[…]}, where columns are those from the fourth on, as
// text.
#pragma once

#include <memory>

#include "genomics/slice.h"

namespace medarc::genomics {

enum class BedForm { lines, json, ndjson };

class BedText {
 public:
  // `reader` is of the read set's content. Errors: unsupported: the file is no BED, or not sorted;
  // and those of make_slice().
  static Result<BedText> open(std::shared_ptr<const ReadSet> set, const Selection& selection,
                              const Limits& limits, std::unique_ptr<archive::BlobReader> reader);
  const Slice& slice() const { return slice_; }
  // Once. `with_header`: of lines, what stands before the first record. Memory follows one piece of
  // the plan. Errors while it is read: corrupt, and those of the store.
  std::unique_ptr<ByteSource> source(BedForm form, bool with_header) &&;

 private:
  BedText(Slice slice, std::unique_ptr<archive::BlobReader> reader)
      : slice_(std::move(slice)), reader_(std::move(reader)) {}
  Slice slice_;
  std::unique_ptr<archive::BlobReader> reader_;
};

}  // namespace medarc::genomics

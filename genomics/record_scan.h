// The records of a slice one after another: what SAM text, JSON, depth and pileup are made from.
#pragma once

#include "genomics/slice.h"

namespace medarc::genomics {

// Memory follows one piece (PlanOptions::piece_plain_bytes_max, or its largest record). Not
// thread-safe. After an error only destruction is allowed.
class RecordScan {
 public:
  // `reader` is of the read set's content. Errors: as make_slice.
  static Result<RecordScan> open(std::shared_ptr<const ReadSet> set, const Selection& selection,
                                 const Limits& limits, std::unique_ptr<archive::BlobReader> reader);
  // With its block_size, until the next call, in file order; empty: there are no more. Errors:
  // corrupt, and those of the store.
  Result<ByteView> next();
  const Slice& slice() const { return slice_; }
  const BamHeader& header() const { return slice_.set->header; }

 private:
  RecordScan(Slice slice, std::unique_ptr<archive::BlobReader> reader)
      : slice_(std::move(slice)), reader_(std::move(reader)) {}

  Slice slice_;
  std::unique_ptr<archive::BlobReader> reader_;
  size_t piece_ = 0;
  Bytes plain_;
  size_t at_ = 0;
};

}  // namespace medarc::genomics

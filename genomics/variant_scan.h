// The variants of some regions one after another, as VCF lines: what queries and Beacon are made
// from.
#pragma once

#include <memory>
#include <optional>

#include "genomics/plain_reader.h"
#include "genomics/slice.h"
#include "genomics/vcf_header.h"
#include "genomics/vcf_line.h"

namespace medarc::genomics {

// Memory follows a block. Not thread-safe. After an error only destruction is allowed.
class VariantScan {
 public:
  // Of all regions without any. `file` is of the set's content. Errors: unsupported (no variants),
  // and those of make_slice().
  static Result<std::unique_ptr<VariantScan>> open(std::shared_ptr<const ReadSet> set,
                                                   std::optional<std::vector<Region>> regions,
                                                   const Limits& limits,
                                                   std::unique_ptr<archive::BlobReader> file);
  VariantScan(const VariantScan&) = delete;
  // The next line, until the next call; empty: there are no more. Errors: corrupt, and those of the
  // store.
  Result<ByteView> next();
  // With all that it says; contigs that only records name included.
  const VcfHeader& header() const { return header_; }

 private:
  VariantScan(Slice slice, VcfHeader header, std::unique_ptr<archive::BlobReader> file)
      : slice_(std::move(slice)),
        header_(std::move(header)),
        file_(std::move(file)),
        reader_(slice_.set->map.extents(), *file_) {}
  Result<bool> next_fragment();

  const Slice slice_;
  const VcfHeader header_;
  const std::unique_ptr<archive::BlobReader> file_;
  PlainReader reader_;
  size_t piece_ = 0, fragment_ = 0;
  bool filter_ = false;
  ByteView rest_;  // of the fragment
  Bytes line_;     // of a BCF record
};

}  // namespace medarc::genomics

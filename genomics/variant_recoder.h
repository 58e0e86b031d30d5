// A stored VCF given as BCF, and a BCF as VCF: records one by one, so that slices are cut as those
// of the stored form and only what is sent is written anew.
#pragma once

#include <memory>
#include <optional>

#include "genomics/bcf_encode.h"
#include "genomics/read_set.h"

namespace medarc::genomics {

// Immutable, shared by threads.
class VariantRecoder {
 public:
  // Errors: unsupported: the set has no variants; those of parse_vcf_header().
  static Result<std::shared_ptr<const VariantRecoder>> make(const ReadSet& set,
                                                            RecordForm::Kind form,
                                                            const Limits& limits);
  const Bytes& header_blocks() const { return header_blocks_; }  // BGZF
  // Whole records of the stored form as those of the other. Errors: as BcfEncoder::append();
  // corrupt.
  Result<Bytes> records(ByteView stored) const;

 private:
  VariantRecoder(RecordForm stored, VcfHeader header)
      : stored_(stored), header_(std::move(header)) {}

  const RecordForm stored_;
  const VcfHeader header_;
  std::optional<BcfEncoder> encoder_;  // of a stored VCF
  Bytes header_blocks_;
};

}  // namespace medarc::genomics

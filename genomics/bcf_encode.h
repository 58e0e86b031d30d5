// A VCF line as the BCF record it stands for (VCF 4.5, section 6.3): the way back of bcf_text.h.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "genomics/vcf_header.h"

namespace medarc::genomics {

// The header of the BCF file: magic, length and text, plain. Contigs from number `declared` on are
// not in the text of the header; they are declared here.
Bytes bcf_header_bytes(const VcfHeader& header, size_t declared);

// Immutable; `header` must outlive it.
class BcfEncoder {
 public:
  explicit BcfEncoder(const VcfHeader& header);
  // Appends the record with its two lengths. `line` was checked at ingest. Errors: unsupported: it
  // names a filter, an INFO or a FORMAT field that the header does not declare, or has more of them
  // than a BCF record holds; invalid_argument: a value that is not of its type.
  Status append(ByteView line, Bytes& out) const;

 private:
  Result<uint32_t> number_of(ByteView name) const;
  Status put_filters(ByteView filters, Bytes& out) const;
  Result<uint32_t> put_infos(ByteView infos, Bytes& out) const;
  Result<uint32_t> put_formats(ByteView formats, ByteView samples, Bytes& out) const;
  Status put_values(ByteView name, const std::vector<ByteView>& samples, Bytes& out) const;

  const VcfHeader& header_;
  std::unordered_map<std::string, uint32_t> numbers_;  // of dictionary names
};

}  // namespace medarc::genomics

// The header of a BAM file (SAM specification 4.2): its text, and the reference sequences.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/file_header.h"
#include "genomics/limits.h"

namespace medarc::genomics {

// Its text, the reference sequences, and as samples the SM of @RG lines.
using BamHeader = FileHeader;

// Takes the plain bytes of the start of a BAM file, however they come, and stops where the first
// record starts. Not thread-safe.
class BamHeaderParser {
 public:
  explicit BamHeaderParser(const Limits& limits) : limits_(limits) {}
  // Takes from the front of `bytes`; true when the header is whole. Errors: invalid_argument,
  // too_large (header_bytes_max, references_max, samples_max).
  Result<bool> feed(ByteView& bytes);
  // Of a whole header; call once.
  BamHeader take() { return std::move(header_); }
  ByteView bytes() const { return bytes_; }  // of the header, plain, exactly as received

 private:
  Status parse_text();
  Result<bool> parse();  // as far as bytes_ goes

  const Limits limits_;
  Bytes bytes_;
  size_t at_ = 0;                 // parsed so far
  size_t wanted_ = 12;            // bytes_ needed for the next step
  std::optional<uint32_t> left_;  // references still to come
  BamHeader header_;
};

}  // namespace medarc::genomics

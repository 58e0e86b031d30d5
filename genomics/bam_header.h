// The header of a BAM file (SAM specification 4.2): its text, and the reference sequences.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/limits.h"

namespace medarc::genomics {

struct Reference {
  std::string name;
  uint32_t bases = 0;
};

struct BamHeader {
  std::string text;                        // without trailing NULs
  std::vector<Reference> references;       // by reference id
  std::vector<std::string> samples;        // SM of @RG lines, each once, in order
  std::optional<int32_t> find(std::string_view reference_name) const;
  std::unordered_map<std::string, int32_t> ids;  // by name
};

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
  ByteView bytes() const { return bytes_; }    // of the header, plain, exactly as received

 private:
  Status parse_text();
  Result<bool> parse();                        // as far as bytes_ goes

  const Limits limits_;
  Bytes bytes_;
  size_t at_ = 0;                              // parsed so far
  size_t wanted_ = 12;                         // bytes_ needed for the next step
  std::optional<uint32_t> left_;               // references still to come
  BamHeader header_;
};

}  // namespace medarc::genomics

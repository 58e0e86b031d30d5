// The header of a VCF file (VCF 4.5, section 1.4) or of a BCF file (section 6.2), which is the same
// text behind five octets of magic and a length.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/file_header.h"
#include "genomics/limits.h"
#include "genomics/record_form.h"

namespace medarc::genomics {

// What a header says of INFO or FORMAT values of one name.
struct VcfField {
  enum class Type : uint8_t { integer, real, flag, character, text } type = Type::text;
  bool one = false;  // Number=1
};

struct VcfHeader {
  // The text with its #CHROM line; contigs as references (by IDX where the lines have one); the
  // names of the sample columns.
  FileHeader file;
  uint32_t columns = 8;   // of every line: 8, or 9 and one for each sample
  bool info_end = false;  // INFO/END is declared as an Integer, so HTSlib follows it
  // Names of filters, INFO and FORMAT by number, as BCF records have them; empty: none of that
  // number.
  std::vector<std::string> dictionary;
  std::unordered_map<std::string, VcfField> info, format;  // declared ones
};

// `text` from ##fileformat up to and with the #CHROM line. Errors: invalid_argument naming the
// line; too_large (references_max, samples_max).
Result<VcfHeader> parse_vcf_header(ByteView text, const Limits& limits);

// Takes the plain bytes of the start of a file, however they come, and stops where the first record
// starts. Not thread-safe.
class VcfHeaderParser {
 public:
  VcfHeaderParser(RecordForm::Kind kind, const Limits& limits) : kind_(kind), limits_(limits) {}
  // Takes from the front of `bytes`; true when the header is whole. Errors: invalid_argument,
  // too_large (header_bytes_max and those above).
  Result<bool> feed(ByteView& bytes);
  VcfHeader take() { return std::move(header_); }  // of a whole header; call once
  ByteView bytes() const { return bytes_; }        // of the header, plain, exactly as received
  uint64_t lines() const { return lines_; }

 private:
  Result<bool> feed_text(ByteView& bytes);
  Result<bool> feed_binary(ByteView& bytes);
  Status append(ByteView& bytes, size_t size);

  const RecordForm::Kind kind_;
  const Limits limits_;
  Bytes bytes_;
  size_t line_at_ = 0;  // in bytes_, where the line being received starts
  uint64_t lines_ = 0;
  VcfHeader header_;
};

}  // namespace medarc::genomics

// FASTQ as sequencers write it: four lines a record, '@' and '+', SEQ and QUAL of one length.
// Checks every record and counts. Iterative; memory follows one line.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/limits.h"

namespace medarc::genomics {

struct FastqCounts {
  uint64_t records = 0, bases = 0, gc = 0, acgt = 0;
  uint64_t length_min = UINT64_MAX, length_max = 0;
  uint8_t quality_min = 255, quality_max = 0;  // as characters
  // 33, 64, or 0 when the characters seen fit both.
  int phred_offset() const;
  std::string json() const;
};

// One record, without '@' and line ends; alive during the visit.
struct FastqRead {
  ByteView name;  // the whole first line
  ByteView sequence, qualities;
};

// What pairs reads: the name up to the first blank, without "/1" or "/2". The number of the read in
// its pair, by that ending or by the comment ("1:N:0:ACGT"); 0: neither says.
struct ReadName {
  ByteView name;
  int number = 0;
};
ReadName read_name(ByteView first_line);

// Not thread-safe. After an error only destruction is allowed.
class FastqParser {
 public:
  using Visit = std::function<Status(const FastqRead&)>;
  // `visit`: of every record, when it was found sound; its error ends the parsing.
  explicit FastqParser(const Limits& limits, Visit visit = {})
      : limits_(limits), visit_(std::move(visit)) {}
  // Errors: invalid_argument naming the record, too_large (line_bytes_max).
  Status feed(ByteView bytes);
  Status finish();  // the last line end may be missing
  const FastqCounts& counts() const { return counts_; }
  uint64_t records() const { return counts_.records; }

 private:
  Status line(ByteView text);
  Status sequence(ByteView text);
  Status quality(ByteView text);
  Error bad(const char* what) const;

  const Limits limits_;
  const Visit visit_;
  FastqCounts counts_;
  Bytes name_, sequence_;  // of the record under way, for visit_
  Bytes partial_;          // a line cut by the end of a piece
  int part_ = 0;           // of the record: 0 name, 1 SEQ, 2 plus, 3 QUAL
  uint64_t bases_ = 0;     // of the record under way
  bool ended_ = false;     // an empty line was met: only such may follow
};

}  // namespace medarc::genomics

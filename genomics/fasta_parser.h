// FASTA: '>' and a name, then lines of letters. Checks every line, finds where the letters lie, and
// makes the digests of each sequence. Iterative; memory follows the number of sequences, not their
// length: a whole chromosome may be one line.
#pragma once

#include <string>
#include <unordered_set>

#include "base/result.h"
#include "genomics/limits.h"
#include "genomics/sequence_places.h"

namespace medarc::genomics {

struct FastaContent {
  SequencePlaces places;  // form: as the caller knows; digests: only where all_letters
  uint64_t letters = 0, gc = 0, acgt = 0;
  bool lines_alike = true;  // of every sequence: an index for samtools faidx can be made
  bool all_letters = true;  // no '*', '-' or '.': every sequence has its digests
};

// Not thread-safe. After an error only destruction is allowed.
class FastaParser {
 public:
  explicit FastaParser(const Limits& limits) : limits_(limits) {}
  // Errors: invalid_argument naming the line; too_large (references_max, line_bytes_max for a
  // name's line).
  Status feed(ByteView bytes);
  // The last line end may be missing.
  Result<FastaContent> finish();
  uint64_t line() const { return line_; }

 private:
  Status begin_line(char first);
  Status name_goes_on(ByteView piece);
  Status name_ends();
  Status sequence_goes_on(ByteView piece);
  Status letters(ByteView piece);
  Status sequence_line_ends(bool line_end_bytes);
  Status sequence_ends();
  Error bad(uint64_t line, const std::string& what) const;

  enum class In { line_start, name, letters };
  const Limits limits_;
  FastaContent content_;
  std::unordered_set<std::string> names_;
  SequencePlace place_;
  SequenceHasher hasher_;
  In in_ = In::line_start;
  bool any_ = false;              // a sequence has begun
  bool carriage_return_ = false;  // seen; only a line end may follow
  std::string name_;
  uint64_t name_bytes_ = 0;  // of the line
  uint64_t name_line_ = 0;
  uint64_t line_ = 1, at_ = 0;  // of the byte looked at: its line, its offset
  uint64_t line_letters_ = 0, line_begin_ = 0;
  bool short_line_ = false;  // after it no letters may follow if lines are to be alike
  bool alike_ = true;
};

}  // namespace medarc::genomics

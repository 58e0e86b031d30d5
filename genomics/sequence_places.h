// Where the letters of each sequence of a FASTA file lie, made while it arrives, so that a part of
// a sequence is read by range. Kept as the file's attachment "sequences"; format: SEQUENCES.md.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "genomics/sequence_digests.h"

namespace medarc::genomics {

// Letters between two marks of a sequence whose lines are not of one length.
inline constexpr uint64_t kLettersPerMark = 65'536;

struct SequencePlace {
  std::string name;
  uint64_t letters = 0;         // at least 1
  uint64_t offset = 0;          // of the first letter in the text, in bytes
  uint32_t line_letters = 0;    // of every line but the last; 0: lines differ
  uint32_t line_bytes = 0;      // with the line's end
  std::vector<uint64_t> marks;  // lines differ: offset of every kLettersPerMark-th letter, from 0
  bool circular = false;
  SequenceDigests digests;
};

// What the text is read from.
enum class TextForm : uint8_t {
  plain = 0,     // the file itself
  bgzf = 1,      // the file, through its attachment "gzi"
  inflated = 2,  // the attachment "plain": the file is gzip in one piece
};

struct SequencePlaces {
  TextForm form = TextForm::plain;
  std::vector<SequencePlace> sequences;  // in file order
};

Bytes encode(const SequencePlaces& places);
Result<SequencePlaces> decode_sequence_places(ByteView stored);  // corrupt

// The index of `samtools faidx` (faidx(5)); only when no sequence's lines differ.
Bytes fai_of(const SequencePlaces& places);

}  // namespace medarc::genomics

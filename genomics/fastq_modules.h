// The modules of FastQC 0.11.9, by its names and rules, made while a FASTQ file streams in. Of
// reads of up to 512 bases every number is FastQC's; in longer ones the positions beyond share
// counts, and groups are the classes of size_classes.h. Not made: tiles, k-mers, and the verdicts.
#pragma once

#include <string>

#include "genomics/cycle_qualities.h"
#include "genomics/fastq_adapters.h"
#include "genomics/fastq_gc.h"
#include "genomics/fastq_repeats.h"

namespace medarc::genomics {

class FastqModules {
 public:
  FastqModules();
  // One read; qualities as characters. Checked before: one length, letters, printable characters.
  void add(ByteView sequence, ByteView qualities);
  // An object: "Basic Statistics", and of the others what fits one number.
  std::string summary() const;
  // An object of all modules, each an array of rows with FastQC's column names.
  std::string modules() const;

 private:
  enum Letter : uint8_t { kA, kC, kG, kT, kN, kOtherLetter, kLetters };
  struct Group {
    size_t row_begin, row_end;  // of the cycle tables
    std::string label;
  };
  static constexpr size_t kColumns = 8;  // letters, to a power of two
  ByteView in_capitals(ByteView sequence);
  std::vector<Group> groups(uint64_t longest) const;
  uint8_t offset() const { return lowest_ < 64 ? 33 : 64; }
  uint64_t qualities_at(size_t row) const;
  double percentile(size_t row, uint64_t percent) const;
  void write_basic(std::string& out) const;
  void write_qualities(std::string& out) const;
  void write_read_qualities(std::string& out) const;
  void write_letters(std::string& out) const;
  void write_lengths(std::string& out) const;
  void write_repeats(std::string& out) const;
  void write_adapters(std::string& out) const;

  uint64_t reads_ = 0, shortest_ = UINT64_MAX, longest_ = 0;
  uint8_t lowest_ = 255;      // quality character
  CycleQualities qualities_;  // of characters less 33
  CycleTable<kColumns> letters_;
  std::array<uint64_t, 128> read_qualities_{};  // by the mean character, rounded down
  std::vector<uint64_t> lengths_;               // by size class
  GcDistribution gc_;
  SequenceRepeats repeats_;
  AdapterContent adapters_;
  std::string capitals_;
};

}  // namespace medarc::genomics

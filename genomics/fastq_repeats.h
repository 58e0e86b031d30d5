// How often the same sequence occurs in a FASTQ file: FastQC's "Sequence Duplication Levels" and
// "Overrepresented sequences". The first 100,000 different sequences are followed through the file
// (of reads longer than 75 bases the first 50); what they show is scaled to the whole as FastQC
// does. Memory: 100,000 sequences of at most 75 bases.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"

namespace medarc::genomics {

class SequenceRepeats {
 public:
  static constexpr size_t kSequencesMax = 100'000;
  static constexpr double kOverrepresented = 0.1;  // percent of all reads, more than
  void add(ByteView sequence);                     // in capitals

  struct Levels {
    double remaining_percent = 100;                  // of reads, if each were kept once
    std::array<double, 16> deduplicated{}, total{};  // percent, by kLevelNames
  };
  static constexpr std::array<const char*, 16> kLevelNames = {
      "1", "2",   "3",   "4",    "5",    "6",   "7",   "8",
      "9", ">10", ">50", ">100", ">500", ">1k", ">5k", ">10k+"};
  Levels levels() const;

  struct Repeated {
    std::string sequence;
    uint64_t count = 0;
    double percent = 0;
  };
  std::vector<Repeated> overrepresented() const;  // most frequent first

 private:
  double corrected(uint64_t level, uint64_t observed) const;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  std::unordered_map<std::string, uint64_t, Hash, std::equal_to<>> counts_;
  // Bits of the hashes of those followed: once there are enough, most reads are none of them, and
  // learn it here instead of in a table that no cache holds.
  static constexpr size_t kMarks = size_t{1} << 21;
  std::vector<bool> marks_ = std::vector<bool>(kMarks);
  uint64_t reads_ = 0;
  uint64_t reads_at_limit_ = 0;  // when the last new sequence was taken
};

}  // namespace medarc::genomics

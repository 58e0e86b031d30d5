// The reads of a file as a set: for each read number the count and the sum, modulo 2^128, of a hash
// of every read's name, bases and qualities, as they were sequenced. Sums do not know order, so
// files that hold the same reads agree however they are sorted, aligned or packed; and they add up:
// what two files hold together is the sum of both. Found by accident, two sets agree with a chance
// of 2^-128; made to agree they can be, so sums name candidates and prove nothing (docs/decisions).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "genomics/bam_record.h"

namespace medarc::genomics {

struct ReadSum {
  uint64_t reads = 0, low = 0, high = 0;
  void add(uint64_t hash_low, uint64_t hash_high);
  ReadSum& operator+=(const ReadSum& other);
  bool operator==(const ReadSum&) const = default;
};

// By what a record says of its place in its pair: 0 neither, or both; 1 first; 2 last.
using ReadSums = std::array<ReadSum, 3>;

// "readset:…" of all the reads; "mates:…" of one half of them.
std::string read_set_identity(const ReadSums& sums);
std::string mates_identity(const ReadSum& sum);

// {"unpaired":{"reads","sum"},"first":{…},"last":{…}} with those that have reads; sums in
// hexadecimal.
std::string json_of(const ReadSums& sums);
// From a file's statistics, where they are under "readSums". nullopt: there are none.
std::optional<ReadSums> read_sums_of(ByteView statistics_json);

// 1 or 2 where all reads of the file call themselves that ("readNumber"), else 0.
int read_number_of(ByteView statistics_json);

// Not thread-safe.
class ReadHasher {
 public:
  // Of an alignment record; records of secondary and supplementary alignments are passed over.
  void add(const RecordFacts& record, const RecordParts& parts);
  // Of a FASTQ record: letters and characters of Phred+33.
  void add(ByteView name, int number, ByteView letters, ByteView characters);
  const ReadSums& sums() const { return sums_; }

 private:
  void take(int number, ByteView name, ByteView packed_and_qualities);
  ReadSums sums_;
  Bytes buffer_;
};

}  // namespace medarc::genomics

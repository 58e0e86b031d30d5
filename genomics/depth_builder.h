// The depth track (DEPTH.md), made while a sorted BAM streams in. A record costs its operations,
// not its span. Memory: 16 bytes a bin of the sequence under way as far as it has reads, 2 a bin of
// those before; at most some 80 MB.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "genomics/bam_header.h"
#include "genomics/bam_record.h"

namespace medarc::genomics {

class DepthBuilder {
 public:
  explicit DepthBuilder(const std::vector<Reference>& references);
  // In order of reference and position.
  void add(const RecordFacts& record, const RecordParts& parts);
  // The whole track; call once, then nothing else but sums().
  Bytes finish();
  struct Sum {
    uint64_t counted = 0;  // bases, depth summed up
    uint32_t bases = 0;    // of the reference sequence
  };
  const std::vector<Sum>& sums() const { return sums_; }  // by reference id

  static constexpr uint64_t kBinsMax = 1u << 22;

 private:
  void cover(uint64_t begin, uint64_t end);
  void end_reference();

  uint32_t shift_ = 7;
  std::vector<Sum> sums_;
  std::vector<uint64_t> begins_;   // in codes_, by reference id; kNone
  int32_t tid_ = -1;               // under way
  uint64_t first_bin_ = 0;         // of its bins that are looked at: where its first record begins
  std::vector<uint64_t> bins_;     // its sums, of bins covered in part
  std::vector<uint64_t> changes_;  // how many more cover the whole bin than the one before
  std::vector<uint16_t> codes_;
};

}  // namespace medarc::genomics

// BAI and CSI indexes (SAM specification 5.2, CSIv1), made while a sorted BAM streams in. CSI is made
// when a reference is longer than BAI can name (2^29 bases).
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "genomics/bam_header.h"
#include "genomics/bam_record.h"

namespace medarc::genomics {

// BGZF virtual offset: compressed block offset << 16 | offset inside the plain block.
using VirtualOffset = uint64_t;

class BamIndexBuilder {
 public:
  explicit BamIndexBuilder(const std::vector<Reference>& references);
  // In file order; tids and begins never go back (the caller has checked), records without a
  // reference come last. `at` is where the record starts, `end` where the next one does.
  void add(const RecordFacts& record, VirtualOffset at, VirtualOffset end);
  // The whole index file: BAI as it is, CSI in BGZF.
  Bytes finish();
  bool is_csi() const { return csi_; }

 private:
  struct Chunk {
    VirtualOffset begin, end;
  };
  void end_reference();
  void end_chunk();
  uint32_t bin_of(uint32_t begin, uint32_t end) const;
  template <class T>
  void put(T v);

  static constexpr int kMinShift = 14;
  const size_t references_count_;
  bool csi_ = false;
  int depth_ = 5;
  uint64_t position_end_max_;                        // positions are cut off here
  int32_t tid_ = -1;                                 // being collected
  int32_t written_ = 0;                              // references in out_
  uint32_t bin_ = 0;
  bool chunk_open_ = false;
  VirtualOffset chunk_begin_ = 0, chunk_end_ = 0;
  std::unordered_map<uint32_t, std::vector<Chunk>> bins_;
  std::vector<VirtualOffset> windows_;               // linear index: 16 kb each
  VirtualOffset first_ = 0, last_ = 0;               // of the reference
  uint64_t mapped_ = 0, unmapped_ = 0;
  uint64_t unplaced_ = 0;
  Bytes out_;
};

}  // namespace medarc::genomics

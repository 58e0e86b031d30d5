// BAI, TBI and CSI indexes (SAM specification 5.2, the tabix and CSIv1 specifications), made while
// a sorted file streams in. CSI is made when a reference is longer than the others can name (2^29
// bases).
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

inline constexpr uint64_t kBaiBasesMax = 1ull << 29;  // of BAI and TBI
// Levels of a CSI over references of so many bases, at windows of 16 kb, as HTSlib chooses them.
int csi_depth(uint64_t bases);

// Where in a line a reader of the index finds its record's place (the tabix specification), and
// which lines he is to pass over: the first ones, beside those that start with '#'.
struct LineColumns {
  uint32_t preset, contig, begin, end, skip;
};
inline constexpr LineColumns kVcfLines{2, 1, 2, 0, 0};
inline constexpr LineColumns kBedLines{0x10000, 1, 2, 3, 0};  // the first base is 0

class BamIndexBuilder {
 public:
  // Of a BAM with these references: BAI, or CSI where one is longer than BAI can name.
  explicit BamIndexBuilder(const std::vector<Reference>& references);
  // Of another file: CSI of that depth, or TBI.
  BamIndexBuilder(bool csi, int depth, size_t references_count);
  // In file order; a reference's records come together and their begins never go back (the caller
  // has checked), records without a reference come last. `at` is where the record starts, `end`
  // where the next one does.
  void add(const RecordFacts& record, VirtualOffset at, VirtualOffset end);
  // The whole index file of BAM or BCF, where records have reference ids: BAI as it is, CSI in
  // BGZF.
  Bytes finish();
  // Of lines, where references are names: those that have records, in file order. In BGZF.
  Bytes finish_lines(const std::vector<Reference>& references, const LineColumns& lines);
  bool is_csi() const { return csi_; }

 private:
  struct Chunk {
    VirtualOffset begin, end;
  };
  void end_reference();
  void end_chunk();
  uint32_t bin_of(uint32_t begin, uint32_t end) const;
  template <class T>
  static void put(Bytes& out, T v);
  void put_csi_head(Bytes& out, ByteView auxiliary) const;
  void put_empty(Bytes& out) const;  // a reference without records

  static constexpr int kMinShift = 14;
  const size_t references_count_;
  bool csi_ = false;
  int depth_ = 5;
  uint64_t position_end_max_;  // positions are cut off here
  int32_t tid_ = -1;           // being collected
  uint32_t bin_ = 0;
  bool chunk_open_ = false;
  VirtualOffset chunk_begin_ = 0, chunk_end_ = 0;
  std::unordered_map<uint32_t, std::vector<Chunk>> bins_;
  std::vector<VirtualOffset> windows_;  // linear index: 16 kb each
  VirtualOffset first_ = 0, last_ = 0;  // of the reference
  uint64_t mapped_ = 0, unmapped_ = 0;
  uint64_t unplaced_ = 0;
  struct Body {
    int32_t tid;
    Bytes bytes;
  };
  std::vector<Body> bodies_;  // of references that are done, in file order
};

}  // namespace medarc::genomics

// A digest of a file's records in their order, whatever carries them: compression, block borders,
// and of a BAM's header all but the reference sequences (names and lengths) may differ. Of a BAM
// record everything counts but the field "bin", which follows from the others.
//
// It tells files apart that differ by accident (128 bits); it is not made against somebody who
// wants two to agree, so it names candidates and proves nothing (docs/decisions).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "genomics/bam_header.h"

namespace medarc::genomics {

// Not thread-safe.
class RecordDigest {
 public:
  RecordDigest();
  ~RecordDigest();
  RecordDigest(RecordDigest&&) noexcept;
  void references(const std::vector<Reference>& references);
  void bam_record(ByteView record);  // without block_size
  void fastq_record(ByteView first_line, ByteView sequence, ByteView qualities);
  std::string identity() const;  // "reads:" and 32 hexadecimal digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace medarc::genomics

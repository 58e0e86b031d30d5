// BGZF (SAM specification, section 4.1): gzip blocks of at most 64 KiB, with its end marker.
#pragma once

#include <memory>

#include "base/io.h"

namespace medarc::tools::sample {

class BgzfWriter {
 public:
  // `level`: as zlib's; 1 is many times as fast as 6.
  explicit BgzfWriter(ByteSink& out, int level = 6);
  ~BgzfWriter();
  BgzfWriter(const BgzfWriter&) = delete;
  BgzfWriter& operator=(const BgzfWriter&) = delete;
  Status write(ByteView bytes);
  Status finish();  // the last block and the end marker

 private:
  Status flush();
  struct Compressor;
  std::unique_ptr<Compressor> compressor_;
  ByteSink& out_;
  Bytes pending_;
};

}  // namespace medarc::tools::sample

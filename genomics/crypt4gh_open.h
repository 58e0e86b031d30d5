// Crypt4GH files opened: as they arrive, or from any place of them.
#pragma once

#include <memory>
#include <vector>

#include "archive/blob_store.h"
#include "base/io.h"
#include "genomics/crypt4gh_header.h"
#include "genomics/crypt4gh_segments.h"

namespace medarc::genomics::crypt4gh {

// Takes a Crypt4GH file in pieces of any size and hands on what is within, in order, its edit list
// applied. Holds one segment and the header's parts. Not thread-safe. After an error only
// destruction is allowed.
class StreamOpener final : public ByteSink {
 public:
  // `out` outlives it.
  StreamOpener(std::vector<Secret> keys, const Crypt4ghLimits& limits, ByteSink& out);
  // Errors: those of HeaderReader; invalid_argument (a segment is damaged); those of `out`.
  Status write(ByteView bytes) override;
  // Nothing follows. invalid_argument: it ends inside the header or inside a segment.
  Status finish();

 private:
  void begin();
  Status open(ByteView segment);

  ByteSink& out_;
  HeaderReader header_;
  std::optional<SegmentOpener> opener_;
  std::vector<ByteRange> kept_;
  size_t next_kept_ = 0;
  uint64_t number_ = 0, plain_at_ = 0;
  Bytes waiting_, text_;
};

// The plain bytes of a Crypt4GH file, from any place; its edit list applied. Errors as above, and
// those of `sealed`; of read(): invalid_argument: a segment is damaged.
Result<std::unique_ptr<archive::BlobReader>> open_file(std::unique_ptr<archive::BlobReader> sealed,
                                                       std::vector<Secret> keys,
                                                       const Crypt4ghLimits& limits);

}  // namespace medarc::genomics::crypt4gh

// Reads one blob of the segment log by its manifest.
#pragma once

#include "archive/segment_log.h"

namespace medarc::archive {

class SegmentReader final : public BlobReader {
 public:
  SegmentReader(SegmentLog& log, Catalog& catalog, const Digest& blob, ManifestPage page,
                Decoding decoding)
      : log_(log), catalog_(catalog), decoding_(decoding), blob_(blob), page_(std::move(page)) {}
  uint64_t size() const override { return page_.blob_size; }
  Status read(ByteRange range, char* out) override;

 private:
  Status find_page(uint64_t offset);
  Status read_chunk(const Digest& chunk, ByteRange range, char* out);

  SegmentLog& log_;
  Catalog& catalog_;
  const Decoding decoding_;
  const Digest blob_;
  ManifestPage page_;  // the one read last: reading on needs no other look-up
  size_t entry_ = 0;   // where the last read ended in it
  uint64_t entry_offset_ = 0;
  bool positioned_ = false;
  Bytes decompressed_;  // the compressed or coded chunk read last, whole
  Digest decompressed_of_;
};

}  // namespace medarc::archive

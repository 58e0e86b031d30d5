// A stored deflated dataset (PS3.5 A.5) read by the places of the plain one, as if it had been
// stored so: what is planned as ranges works on both. Reading on goes where the last read ended;
// going back inflates from the start again, so it is for readers that go through it in order.
#pragma once

#include <memory>

#include "archive/blob_store.h"
#include "base/io.h"

namespace medarc::dicom {

class InflatedBlob final : public archive::BlobReader {
 public:
  // `plain_bytes`: how much of the plain dataset there is to be read.
  InflatedBlob(std::shared_ptr<archive::BlobReader> deflated, uint64_t plain_bytes,
               uint64_t bytes_max)
      : deflated_(std::move(deflated)), plain_bytes_(plain_bytes), bytes_max_(bytes_max) {}

  uint64_t size() const override { return plain_bytes_; }
  // corrupt also for a range that is not there; too_large beyond `bytes_max`.
  Status read(ByteRange range, char* out) override;

 private:
  Status go_to(uint64_t begin);

  const std::shared_ptr<archive::BlobReader> deflated_;
  const uint64_t plain_bytes_, bytes_max_;
  std::unique_ptr<ByteSource> source_;
  uint64_t at_ = 0;
};

}  // namespace medarc::dicom

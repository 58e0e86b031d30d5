// The frames of a stored instance: where they lie, what they are, and their bytes as they are
// stored. For one thread at a time.
#pragma once

#include <memory>

#include "dicom/frame_table.h"
#include "dicom/imaging.h"
#include "dicom/pixel/frame.h"

namespace medarc::dicom {

class StoredFrames {
 public:
  // not_found when the instance has no frames. `limits` outlives it.
  static Result<std::unique_ptr<StoredFrames>> open(archive::BlobStore& blobs,
                                                    const InstanceRow& row, const Limits& limits);

  uint32_t count() const { return table_.frames_count(); }
  bool encapsulated() const { return table_.encapsulated(); }
  const std::string& transfer_syntax() const { return transfer_syntax_; }
  const Digest& dataset() const { return dataset_; }

  // Frame `index`, from 0 on and below count(): little-endian samples, or the bare codestream (N7).
  std::unique_ptr<ByteSource> open_frame(uint32_t index) const;
  uint64_t frame_bytes(uint32_t index) const;
  Result<Bytes> read_frame(uint32_t index, uint64_t bytes_max) const;  // too_large, corrupt

  // As the dataset declares it; the header is read at the first call. unsupported: no Pixel Data
  // (7FE0,0010), or attributes that describe no image.
  Result<FrameShape> shape();

 private:
  StoredFrames(std::shared_ptr<archive::BlobReader> blob, FrameTable table, const InstanceRow& row,
               const Limits& limits);

  const std::shared_ptr<archive::BlobReader> blob_;
  const FrameTable table_;
  const TransferSyntax syntax_;
  const std::string transfer_syntax_;
  const InstanceRow header_as_;  // what its header is read by, and nothing more
  const Digest dataset_;
  const Limits& limits_;
  const std::shared_ptr<archive::BlobReader> plain_;  // blob_ itself, unless it is deflated
  std::optional<FrameShape> shape_;
};

// The attributes of the Image Pixel module (PS3.3 C.7.6.3). unsupported as in
// StoredFrames::shape().
Result<FrameShape> shape_of(const Scanner& scanner);

}  // namespace medarc::dicom

// The frames of a stored instance as samples: what renderers and transcoders read. Compressed ones
// are decoded by the worker pool, native ones are brought into the form of Frame. For one thread at
// a time.
#pragma once

#include <memory>

#include "dicom/pixel/codec_pool.h"
#include "dicom/stored_frames.h"

namespace medarc::dicom {

class FrameReader {
 public:
  // `codecs` may be nullptr: compressed frames are unsupported then. It outlives the reader.
  FrameReader(std::unique_ptr<StoredFrames> frames, CodecPool* codecs)
      : frames_(std::move(frames)), codecs_(codecs) {}

  uint32_t count() const { return frames_->count(); }
  // As the dataset declares them. unsupported: attributes that describe no image.
  Result<FrameShape> declared() { return frames_->shape(); }

  // Frame `index`, from 0 on and below count(). Subsampled native YBR_FULL_422 comes as YBR_FULL.
  // Errors: those of CodecPool::decode; corrupt when the frame is shorter than its attributes say.
  Result<Frame> read(uint32_t index);

  const StoredFrames& stored() const { return *frames_; }
  CodecPool* codecs() const { return codecs_; }

 private:
  Result<Frame> native(uint32_t index, const FrameShape& shape) const;

  const std::unique_ptr<StoredFrames> frames_;
  CodecPool* const codecs_;
};

}  // namespace medarc::dicom

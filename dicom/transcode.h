// Stored objects and frames in another transfer syntax than they are stored in, one frame in memory
// at a time (dicom.md N5; PS3.5 8.2, A.4). What must change with the pixels changes in the dataset:
// photometric interpretation and planar configuration; offset tables of the old frames go. The SOP
// Instance UID stays (PS3.3 C.12.4.1.1: the image is the same), as do the attributes that tell of
// earlier lossy compression; only a target that loses something makes another instance (lossy.h).
#pragma once

#include <memory>

#include "dicom/imaging.h"
#include "dicom/pixel/frame_reader.h"

namespace medarc::dicom {

// Frames in the target's form. The first one asked for is made at once, so that its errors come
// before an answer has begun, and tells the shape of them all. For one thread at a time.
class FrameTranscoder {
 public:
  // `form` has a transfer syntax. not_acceptable: there is no way from the one to the other for
  // such frames. Otherwise what reading or encoding the first frame says.
  static Result<std::unique_ptr<FrameTranscoder>> open(std::unique_ptr<FrameReader> reader,
                                                       Form form, CodecPool& codecs,
                                                       uint32_t first);

  uint32_t count() const { return reader_->count(); }
  bool encodes() const { return encodes_; }
  // What the dataset has to say of the frames now.
  const FrameShape& shape() const { return shape_; }
  // Native samples, shape().frame_bytes() of them, or a bare codestream. corrupt also for a frame
  // of another shape than the first.
  Result<Bytes> make(uint32_t index);
  // Known before it is made, for native samples and the first one.
  std::optional<uint64_t> bytes_of(uint32_t index) const;

 private:
  FrameTranscoder(std::unique_ptr<FrameReader> reader, Form form, CodecPool& codecs);
  Result<Bytes> make_now(uint32_t index);

  const std::unique_ptr<FrameReader> reader_;
  const std::string_view target_;
  CodecPool& codecs_;
  const bool encodes_;
  bool shape_known_ = false;
  FrameShape shape_;
  uint32_t held_index_ = 0;
  std::optional<Bytes> held_;
};

// One frame of it, made when it is first read.
std::unique_ptr<ByteSource> frame_source(std::shared_ptr<FrameTranscoder> frames, uint32_t index);

// The whole dataset, behind `envelope`; a deflated one is inflated on the way. Errors as
// FrameTranscoder::open; not_acceptable also for compressed images inside sequences, and over 4 GiB
// of native pixels.
Result<Content> transcoded_dataset(archive::BlobStore& blobs, const InstanceRow& row,
                                   const Limits& limits, Bytes envelope,
                                   std::unique_ptr<FrameReader> reader, Form form,
                                   CodecPool& codecs);

}  // namespace medarc::dicom

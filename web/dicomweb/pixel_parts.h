// The pixel data of an instance in the form a client takes, part by part (PS3.18 10.4.3.3.6).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "web/dicomweb/bulk_items.h"
#include "web/dicomweb/doors.h"
#include "web/dicomweb/retrieve.h"

namespace medarc::web {

// Native samples and videos are one part: the whole value. Codestreams of images are one part a
// frame (N7). A part that is all there is has the BulkDataURI of the metadata as its place, others
// the URL of their frame. One batch of frames is planned at a time, so memory does not grow with
// their number.
class PixelParts {
 public:
  // `row` has frames (dicom::frames_count), `frames` of them; `base_url` as in Request.
  PixelParts(ContextPtr context, security::Principal principal, dicom::InstanceRow row,
             uint32_t frames, FrameForm form, const std::string& base_url);

  uint32_t count() const { return whole_ ? 1 : frames_; }
  // The next one; nullopt after the last. Errors of the first: not_acceptable, when it cannot be
  // given in this form, and as Imaging::frames.
  Result<std::optional<BulkItem>> next();
  // Of all its parts; known after the first.
  const std::string& transfer_syntax() const { return transfer_syntax_; }

 private:
  Result<BulkItem> whole_value();
  Result<BulkItem> next_frame();

  ContextPtr context_;
  security::Principal principal_;
  dicom::InstanceRow row_;
  uint32_t frames_;
  FrameForm form_;
  std::string url_;  // of the instance
  bool native_ = false, whole_ = false;
  std::string transfer_syntax_;
  uint32_t given_ = 0;
  std::vector<dicom::Content> batch_;
  size_t batch_at_ = 0;
};

}  // namespace medarc::web

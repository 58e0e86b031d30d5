// Renditions of stored instances. What comes in is checked here; who may have it was decided by the
// use case that asks (imaging.h).
//
// Thread-safe. Rendering runs on the caller's thread; RenderLimits::threads of them at a time.
#pragma once

#include <functional>
#include <memory>

#include "dicom/imaging.h"
#include "dicom/render/cache.h"

namespace medarc::dicom {

struct RenderSource {
  InstanceRow row;
  std::shared_ptr<archive::BlobReader> dataset;
  std::shared_ptr<archive::BlobReader> presentation;  // of RenderRequest::presentation
  uint32_t frames_count = 0;
  // The stored bytes of one frame (from 1): native samples, or a codestream. not_found.
  std::function<Result<Content>(uint32_t number)> frame;
  std::function<Result<Content>()> stream;  // of all frames, one after the other
};

class Renderer {
 public:
  Renderer(Rendering rendering, const Limits& scan_limits);

  Rendition rendition(RenderSource source, const RenderRequest& request);

 private:
  Result<RenderedBody> image(const RenderSource& source, const RenderRequest& request,
                             const std::string& etag);
  Result<Bytes> encoded(const RenderSource& source, const RenderRequest& request);
  Result<RenderedBody> video(const RenderSource& source);
  Result<RenderedBody> document(const RenderSource& source, RenderedKind kind);
  Result<RenderedBody> report(const RenderSource& source);

  const RenderLimits limits_;
  const Limits scan_limits_;
  const FrameDecoder decoder_;
  RenderCache cache_;
  Gate gate_;
};

}  // namespace medarc::dicom

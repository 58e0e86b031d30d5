// Rendered images as files. internal: the library refused, which no image should make it do.
#pragma once

#include <functional>

#include "base/result.h"
#include "dicom/render/image.h"

namespace medarc::dicom {

// `quality` 1 to 100; from 90 on colours keep their full resolution. Up to 65,500 pixels an edge,
// otherwise too_large.
Result<Bytes> encode_jpeg(const Image& image, int quality);

Result<Bytes> encode_png(const Image& image);

// One image, or an animation that repeats for ever: `next` answers the frames in order, all of one
// size. Grey is exact; so are colours when there are no more than 256, others are dithered. Up to
// 65,535 pixels an edge, otherwise too_large.
Result<Bytes> encode_gif(uint32_t frames_count, double frame_ms,
                         const std::function<Result<Image>(uint32_t index)>& next);

}  // namespace medarc::dicom

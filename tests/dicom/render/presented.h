// A made image as a made presentation state shows it, without an archive.
#pragma once

#include "dicom/render/presentation.h"
#include "tests/dicom/render/picture.h"
#include "tests/dicom/render/state_maker.h"

namespace medarc::dicom {

inline Rendered presented(const test::PictureMaker& image, const test::PictureMaker& state,
                          const RenderRequest& request = {}, uint32_t index = 0,
                          const RenderLimits& limits = {}) {
  const Bytes dataset = image.dataset(), state_dataset = state.dataset();
  const auto scanner = scanned(dataset), state_scanner = scanned(state_dataset);
  Rendered out;
  const auto failed = [&out](const Error& e) {
    out.error = e.text;
    out.code = e.code;
    return out;
  };
  const auto attributes = read_image(*scanner, limits);
  if (attributes.has_error()) return failed(attributes.error());
  const FrameTable::BitRange bits = FrameTable::make(*scanner, nullptr).native_bits(index);
  const Frame frame{attributes->shape, dataset.substr(bits.begin / 8, (bits.length + 7) / 8)};
  const auto made =
      render_presented(frame, *attributes, index, *state_scanner, image.sop, request, limits);
  if (made.has_error()) return failed(made.error());
  out.width = made->width;
  out.height = made->height;
  out.channels = made->channels;
  EXPECT_EQ(made->pixels.size(), size_t{out.width} * out.height * out.channels);
  for (const char c : made->pixels) out.pixels.push_back(static_cast<uint8_t>(c));
  return out;
}

}  // namespace medarc::dicom

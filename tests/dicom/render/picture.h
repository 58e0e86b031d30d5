// A made object through scanner, attributes and pipeline, without an archive.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "dicom/convert.h"
#include "dicom/frame_table.h"
#include "dicom/render/pipeline.h"
#include "tests/support/picture_maker.h"

namespace medarc::dicom {

struct Rendered {
  std::vector<int> pixels;  // grey, or R G B
  uint32_t width = 0, height = 0, channels = 0;
  std::string error;  // of the first step that failed
  Code code = Code::internal;
};

inline std::unique_ptr<Scanner> scanned(ByteView dataset) {
  static const Limits limits;
  EXPECT_TRUE(load_dictionary().has_value());
  auto scanner = std::make_unique<Scanner>(Encoding::explicit_little, limits);
  EXPECT_TRUE(scanner->feed(dataset).has_value());
  EXPECT_TRUE(scanner->finish().has_value());
  return scanner;
}

inline Rendered rendered(const test::PictureMaker& maker, const RenderRequest& request = {},
                         uint32_t index = 0, const RenderLimits& limits = {}) {
  const Bytes dataset = maker.dataset();
  const auto scanner = scanned(dataset);
  Rendered out;
  const auto failed = [&out](const Error& e) {
    out.error = e.text;
    out.code = e.code;
    return out;
  };
  const auto attributes = read_image(*scanner, limits);
  if (attributes.has_error()) return failed(attributes.error());
  const FrameTable table = FrameTable::make(*scanner, nullptr);
  const FrameTable::BitRange bits = table.native_bits(index);
  EXPECT_EQ(bits.begin % 8, 0u);
  const Frame frame{attributes->shape, dataset.substr(bits.begin / 8, (bits.length + 7) / 8)};
  const auto image = render_frame(frame, ItemView(*scanner), *attributes, index, request, limits);
  if (image.has_error()) return failed(image.error());
  out.width = image->width;
  out.height = image->height;
  out.channels = image->channels;
  EXPECT_EQ(image->pixels.size(), size_t{out.width} * out.height * out.channels);
  for (const char c : image->pixels) out.pixels.push_back(static_cast<uint8_t>(c));
  return out;
}

using Greys = std::vector<int>;

}  // namespace medarc::dicom

// Frames of every kind, made from formulas, for tests of codecs.
#pragma once

#include <vector>

#include "dicom/pixel/frame.h"

namespace medarc::test {

// Smooth areas, edges and noise, the whole range of values, both ends included.
dicom::Frame make_frame(dicom::FrameShape shape, uint32_t seed = 1);

struct NamedShape {
  std::string name;
  dicom::FrameShape shape;
};
// All bit depths, signs, colours and planar configurations; odd sizes among them.
std::vector<NamedShape> all_shapes();

}  // namespace medarc::test

// Image objects from given frames, native or encapsulated, as Part 10 files.
#pragma once

#include <vector>

#include "dicom/imaging.h"
#include "dicom/pixel/frame.h"

namespace medarc::test {

struct ImageObject {
  dicom::FrameShape shape;    // of the native frames; its photometric as the object declares it
  std::vector<Bytes> frames;  // native samples, or codestreams
  std::string transfer_syntax = std::string(dicom::kExplicitLittle);
  std::string sop_uid = "2.25.3003";
  std::string study_uid = "2.25.3001", series_uid = "2.25.3002";
  bool extended_offsets = false;  // with an Extended Offset Table that is right
  bool icon = false;              // with an Icon Image Sequence, its pixels compressed too
};

// `shape.bits_allocated` 1: frames follow each other bit by bit.
Bytes make_file(const ImageObject& object);

}  // namespace medarc::test

// Which attributes rows hold at each level: what QIDO and C-FIND return and match
// (PS3.4 C.6.2.1, PS3.18 tables 10.6.1-5 and 10.6.3-3 ff.; dicom.md section 5).
#pragma once

#include "dicom/scanner.h"

namespace medarc::dicom {

enum class Level { patient, study, series, instance, none };
// Of attributes that rows hold; none: found in the metadata of instances only. A sequence whose
// items take more than 4 KiB of JSON is in rows without a value.
Level level_of(Tag tag);

struct LevelAttributes {
  index::AttributeSet patient, study, series, instance;
  bool text_clean = true;  // every text was what its character set says
};
LevelAttributes attributes_of(const Scanner& scanner);

}  // namespace medarc::dicom

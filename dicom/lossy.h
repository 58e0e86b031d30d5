// What an object has to say of itself when its pixels were compressed with loss on the way out: it
// is another image than the one stored (PS3.3 C.7.6.1.1.3, C.12.4.1.1), with a UID of its own, its
// source named, and how it came about (PS3.3 C.7.6.1.1.5).
#pragma once

#include "dicom/convert.h"
#include "dicom/imaging.h"

namespace medarc::dicom {

// The SOP Instance UID of `row`'s instance in the lossy `transfer_syntax` with `quality`: the same
// each time.
SopInstanceUid lossy_instance(const InstanceRow& row, std::string_view transfer_syntax,
                              uint32_t quality);

// Adds to `changes` what the dataset of `scanner`, stored as `row`, must say then. `ratio`: how
// much smaller the pixels became. The set stays in the order of its tags.
void add_lossy_changes(const Scanner& scanner, const InstanceRow& row,
                       std::string_view transfer_syntax, uint32_t quality, double ratio,
                       Changes& changes);

}  // namespace medarc::dicom

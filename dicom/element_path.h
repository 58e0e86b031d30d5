// Paths of values inside a dataset, as BulkDataURIs end: "7FE00010", or
// "{sequence}/{item from 0}/…/{tag}" with tags of 8 hex digits.
#pragma once

#include "dicom/scanner.h"

namespace medarc::dicom {

// The element, or nullptr: no such path, a sequence, or fragments other than the pixel data.
const Element* locate(const Scanner& scanner, std::string_view path);

}  // namespace medarc::dicom

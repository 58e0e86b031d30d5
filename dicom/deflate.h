// Datasets deflated on their way out (PS3.5 A.5), for stored ones that are served otherwise than
// they were received.
#pragma once

#include <memory>

#include "base/io.h"

namespace medarc::dicom {

// `literal` as it is, then `plain` as one raw deflate stream, padded to an even length with a NUL.
// Constant memory; errors are those of `plain`, and exhausted. For one thread.
std::unique_ptr<ByteSource> deflating_source(Bytes literal, std::unique_ptr<ByteSource> plain);

}  // namespace medarc::dicom

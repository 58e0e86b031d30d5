// Of a file that a worker makes, what lies between its header and its end: a part of another file.
#pragma once

#include <memory>

#include "base/io.h"

namespace medarc::genomics {

// The containers of reads of a CRAM file. Errors: corrupt: it is none; those of `file`.
std::unique_ptr<ByteSource> body_of_cram(std::unique_ptr<ByteSource> file);

// All but the last `tail` bytes. corrupt: there are fewer.
std::unique_ptr<ByteSource> without_tail(std::unique_ptr<ByteSource> file, size_t tail);

}  // namespace medarc::genomics

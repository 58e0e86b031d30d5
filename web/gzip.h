// gzip (RFC 1952) of bodies, as a stream in constant memory.
#pragma once

#include <memory>

#include "base/io.h"
#include "web/http.h"

namespace medarc::web {

std::unique_ptr<ByteSource> gzip(std::unique_ptr<ByteSource> plain);
Bytes gzip(ByteView plain);

// Hands the plain bytes of a gzip body to `next`. invalid_argument for a broken stream; what is
// over `bytes_max` when inflated is too_large, whatever its ratio.
std::unique_ptr<BodyHandler> gunzip(std::unique_ptr<BodyHandler> next, uint64_t bytes_max);

}  // namespace medarc::web

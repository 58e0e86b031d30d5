// Files of whoever runs the command, read for a transfer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/fs.h"

namespace medarc::tools {

// Errors name the path: not_found, invalid_argument (a directory, a device), io.
Result<std::unique_ptr<File>> open_local(const std::string& path);

// SHA-256 of a part of it, `told` with the bytes done now and then. Errors: io, also when the part
// is not there.
Result<Digest> sha256_of(File& file, ByteRange part,
                         const std::function<void(uint64_t)>& told = {});

}  // namespace medarc::tools

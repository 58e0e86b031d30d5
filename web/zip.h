// ZIP archives (ISO/IEC 21320-1: deflated, never encrypted; Zip64 where sizes ask for it), written
// as they are read and in constant memory, but for some hundred bytes a file that its directory at
// the end needs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/io.h"

namespace medarc::web {

struct ZipFile {
  std::string path;  // ASCII, parts by "/"
  Timestamp time;
  std::optional<uint64_t> bytes;  // when known
  std::unique_ptr<ByteSource> content;
};

// `next` is asked for one file when the one before has been read; nullopt after the last. Errors
// are those of `next` and of the contents; corrupt for a content of another length than told.
std::unique_ptr<ByteSource> zip(std::function<Result<std::optional<ZipFile>>()> next);

}  // namespace medarc::web

// The suffixes of a driver's streams, merged: ascending, each once.
#pragma once

#include "index/planner.h"

namespace medarc::index {

class Source {
 public:
  virtual ~Source() = default;
  // The next suffix, or nullopt at the end. Valid until the next call.
  virtual Result<std::optional<ByteView>> next() = 0;
};

// Starts at the first suffix at or after `from`. `examined` counts the keys read, and reading stops
// with Code::too_large above `examined_max`.
Result<std::unique_ptr<Source>> open_source(const Driver& driver, Reader& reader, ByteView from,
                                            uint64_t& examined, uint64_t examined_max);

Error too_many_examined();

}  // namespace medarc::index

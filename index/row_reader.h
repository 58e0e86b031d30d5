// Rows of a view that it has no method of its own for: what study_notes.h and removals.h read.
// Every View of this library is one too.
#pragma once

#include "index/index.h"
#include "index/keys.h"

namespace medarc::index {

class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual Result<std::optional<Bytes>> value(Table table, ByteView key) = 0;
  // In key order; false from `visit` stops.
  virtual Status values(Table table, ByteView prefix,
                        const std::function<bool(ByteView key, ByteView value)>& visit) = 0;
};

// internal: a view of somebody else.
Result<RowReader*> rows_of(View& view);

}  // namespace medarc::index

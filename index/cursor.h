// Where a page ended: opaque outside, bound to its query, checked when it comes back. It names
// keys, not counts, so rows that arrive or go between pages neither repeat nor hide others.
#pragma once

#include "index/index.h"

namespace medarc::index {

struct Position {
  Bytes suffix;  // of the driver's key, or the order key of a sorted page
  Bytes child;   // id of the row below it, when the driver stands above the kind asked
};

struct Cursor {
  uint64_t candidate = 0;  // of candidates()
  bool sorted = false;     // rows were gathered and sorted by their order key
  Position position;
};

Bytes encode_cursor(const Query& query, const Cursor& cursor);
// invalid_argument: not one of ours, or of another query.
Result<Cursor> decode_cursor(const Query& query, ByteView text);

}  // namespace medarc::index

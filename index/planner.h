// How a query is driven. The candidates follow from the query alone, in a fixed order, so that a
// cursor can name the one it began with; which one is taken follows from what the index holds.
//
//   base      rows of the kind in id order, below the parent if one is given; or by received time
//   ids       study UIDs given
//   keys      streams of field keys: one a value for equality, one for a range or a prefix
//
// A driver may stand above the kind asked: its rows are then expanded to their children.
#pragma once

#include "index/match.h"
#include "index/reader.h"

namespace medarc::index {

// Keys in [low, high), all with `prefix`; what follows the prefix is the suffix, by which streams
// of one driver are merged.
struct Stream {
  Bytes prefix, low, high;
};

struct Driver {
  enum class Type : uint8_t { base, received, ids, keys };
  Type type = Type::base;
  Kind level = Kind::study;
  std::vector<Bytes> ids;       // Type::ids, sorted
  std::vector<Stream> streams;  // Type::keys and received
  size_t texts = 0;             // text() parts in a suffix before the row id
  bool unique = false;          // by a UID: a few rows at most
  // For a range or prefix: the term whose form each key is held against before a row is read.
  const HotField* field = nullptr;
  CompiledTerm* term = nullptr;
  std::vector<size_t> covered;  // groups that hold for every row it yields
  bool exact = false;           // those groups need no second look at the row
};

// The first is always the base.
std::vector<Driver> candidates(const Query& query, Predicate& predicate);

struct Choice {
  size_t candidate = 0;
  uint64_t rows_estimate = 0;
};
Choice choose(const std::vector<Driver>& drivers, const Query& query, Reader& reader);

}  // namespace medarc::index

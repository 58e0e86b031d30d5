// What one group of commits changes, over the state before it: reads see the group's own writes,
// and nothing reaches the engine until the whole group is worked out. Not thread-safe.
#pragma once

#include <map>

#include "index/keys.h"

namespace medarc::index {

// The committed state below a batch, as the engine has it.
class StateReader {
 public:
  virtual ~StateReader() = default;
  virtual Result<std::optional<Bytes>> get(Table table, ByteView key) = 0;
  // In key order; false from `visit` stops.
  virtual Status scan(Table table, ByteView prefix,
                      const std::function<bool(ByteView key, ByteView value)>& visit) = 0;
};

class Batch {
 public:
  using Changes = std::map<Bytes, std::optional<Bytes>, std::less<>>;  // nullopt: removed

  explicit Batch(StateReader& below) : below_(below) {}
  Result<std::optional<Bytes>> get(Table table, ByteView key);
  void put(Table table, Bytes key, Bytes value) { of(table)[std::move(key)] = std::move(value); }
  void remove(Table table, Bytes key) { of(table)[std::move(key)] = std::nullopt; }
  // Keys under `prefix`, the group's own changes included, in key order, at most `limit`.
  Result<std::vector<Bytes>> keys(Table table, ByteView prefix, size_t limit);
  const Changes& changes(Table table) const { return changes_[static_cast<size_t>(table)]; }

 private:
  Changes& of(Table table) { return changes_[static_cast<size_t>(table)]; }
  StateReader& below_;
  std::array<Changes, kTablesCount> changes_;
};

}  // namespace medarc::index

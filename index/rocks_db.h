// The embedded engine: one RocksDB with a column family a table. Only rocks_*.cc know it.
#pragma once

#include <memory>

#include "index/index.h"
#include "index/reader.h"

namespace medarc::index {

class RocksDb final : public StateReader {
 public:
  // Opens or creates `dir`. Errors: conflict (held by another process), corrupt (rebuild the
  // index), unsupported (written by a newer Medarc), not_found (an older schema: throw it away and
  // replay).
  static Result<std::unique_ptr<RocksDb>> open(Fs& fs, const std::string& dir,
                                               const IndexOptions& options);
  ~RocksDb() override;

  // The newest state.
  Result<std::optional<Bytes>> get(Table table, ByteView key) override;
  Status scan(Table table, ByteView prefix,
              const std::function<bool(ByteView key, ByteView value)>& visit) override;
  // A consistent state, until it is dropped; keeps this object's engine alive no longer than it
  // lives.
  std::unique_ptr<Reader> snapshot();

  Status write(const Batch& batch);  // one atomic step, visible when it answers, not yet durable
  Status flush();                    // everything written before is durable when it answers
  uint64_t bytes();                  // on disk and in write buffers
  Bytes figures();                   // the engine's own statistics, for people

 private:
  RocksDb();
  struct State;
  std::unique_ptr<State> state_;
  friend class RocksReader;
};

}  // namespace medarc::index

// One state of the tables, as queries read it: point reads, range scans, rough sizes. The engine
// gives an implementation over its snapshot; everything above is the same for any engine.
#pragma once

#include <memory>

#include "index/batch.h"

namespace medarc::index {

// Over keys in [low, high) of one table; stands on the first at the start. Not thread-safe.
class Scan {
 public:
  virtual ~Scan() = default;
  virtual bool valid() const = 0;  // false: at the end, or failed (see status)
  virtual ByteView key() const = 0;
  virtual ByteView value() const = 0;
  virtual void next() = 0;
  virtual void seek(ByteView key) = 0;  // the first at or after `key`
  virtual Status status() const = 0;
};

class Reader : public StateReader {
 public:
  // `high` empty: to the end of the table.
  virtual std::unique_ptr<Scan> range(Table table, Bytes low, Bytes high) = 0;
  // About how many keys lie there; cheap, may be off by a factor.
  virtual uint64_t keys_estimate(Table table, ByteView low, ByteView high) = 0;
  Status scan(Table table, ByteView prefix,
              const std::function<bool(ByteView key, ByteView value)>& visit) override;
};

}  // namespace medarc::index

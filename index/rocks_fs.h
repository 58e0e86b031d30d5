// RocksDB's files over base/fs.h, so that faults injected there reach the index as well.
#pragma once

#include <memory>

#include "base/fs.h"

namespace rocksdb {
class Env;
}

namespace medarc::index {

// An environment whose files are those of `fs`, which outlives it; null for posix_fs(), where
// RocksDB's own is faster.
std::unique_ptr<rocksdb::Env> make_rocks_env(Fs& fs);

}  // namespace medarc::index
